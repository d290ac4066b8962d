"""Writes one small network of Keras 3, its weights alone, and what TensorFlow computes with it.

Run as `python make.py` with tensorflow and keras 3. weights.npz has the weights by layer as Keras has
them (kernels [kH, kW, C, O] and [D, O]), images [N, C, H, W], and the representation and the output.
"""
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(5)
L = keras.layers

x = inputs = keras.Input((8, 8, 3), name="images")
x = L.Conv2D(6, 3, strides=2, padding="same", activation="relu", name="conv1")(x)
y = L.Conv2D(6, 3, padding="same", use_bias=False, name="conv2")(x)
y = L.BatchNormalization(epsilon=1e-3, name="norm")(y)
x = L.Add(name="sum")([x, y])
x = L.MaxPooling2D(2, name="pool")(x)
x = L.Flatten(name="flat")(x)
features = L.Dense(7, activation="tanh", name="features")(x)
outputs = L.Dense(4, activation="softmax", name="classes")(features)
model = keras.Model(inputs, outputs)
for w in model.weights:
    low = 0.5 if "variance" in w.path else -0.5
    w.assign(rng.uniform(low, 1, w.shape).astype(np.float32))
images = rng.normal(size=(3, 8, 8, 3)).astype(np.float32)
computed = keras.Model(inputs, [features, outputs])(images, training=False)
model.save(here / "network.keras")
model.save(here / "network.h5")
np.savez(
    here / "weights.npz",
    **{w.path: np.array(w) for w in model.weights},
    images=images.transpose(0, 3, 1, 2),
    features=np.array(computed[0]),
    classes=np.array(computed[1]),
)
