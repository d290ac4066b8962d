"""Saves a network of keras.applications, with what is needed to verify the import.

    python keras_network.py MobileNetV2

Random weights, unless --pretrained. Run with Keras 3.15 on TensorFlow 2.21; with TF_USE_LEGACY_KERAS=1 and tf_keras,
tf.keras is Keras 2, and the file must end in .h5.
"""

import argparse
import pathlib

import numpy as np
import tensorflow as tf


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("network")
    parser.add_argument("--pretrained", action="store_true")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--file", default="model.keras")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("network"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    tf.keras.utils.set_random_seed(0)
    model = getattr(tf.keras.applications, args.network)(
        weights="imagenet" if args.pretrained else None, input_shape=(args.size, args.size, 3)
    )
    model.save(args.out / args.file)

    # The representation is what enters the last layer. Keras has images [N, H, W, C]; Metamer wants [N, C, H, W].
    images = np.random.default_rng(0).random((2, 3, args.size, args.size), dtype=np.float32)
    trunk = tf.keras.Model(model.inputs, model.layers[-1].input)
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        representation = trunk(tf.transpose(x, [0, 2, 3, 1]), training=False)
    cotangent = np.random.default_rng(1).standard_normal(representation.shape, dtype=np.float32)
    gradient = tape.gradient(representation, x, output_gradients=tf.constant(cotangent))
    np.save(args.out / "images.npy", images)
    np.save(args.out / "representation.npy", representation.numpy())
    np.save(args.out / "cotangent.npy", cotangent)
    np.save(args.out / "gradient.npy", gradient.numpy())


if __name__ == "__main__":
    main()
