"""Writes small networks with Keras 3 and Keras 2, and what TensorFlow computes with them.

Run as `python make.py` with tensorflow, keras (3) and tf_keras (2) installed; the files here were
written by tensorflow 2.21.0, keras 3.15.1, tf_keras 2.21.0. Each NETWORK.FORMAT.gz is a file of Keras,
compressed; NETWORK.json.gz has the input and, for each layer, the activations and the gradient of
sum(cos(0.7 k) * activation k) with respect to the input, as base64 of float32. Maps are [C, H, W].
"""
import base64
import gzip
import io
import json
import os
import pathlib
import shutil
import tempfile
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import keras
import numpy as np
import tensorflow as tf
import tf_keras

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(3)


def encoded(a):
    return base64.b64encode(np.ascontiguousarray(a, "<f4").tobytes()).decode()


def first(a, last=True):
    return np.moveaxis(a, -1, 0) if last and a.ndim == 3 else a


def stored(name, data):
    with open(HERE / f"{name}.gz", "wb") as raw:
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=9) as f:
            f.write(data)


def saved(model, ending):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model." + ending)
        model.save(path)
        return pathlib.Path(path).read_bytes()


def randomised(model):
    for w in model.weights:
        name = getattr(w, "path", w.name)
        value = np.array(w)
        # What a layer was adapted to is kept twice, and only one of them is written.
        own = name.split("/")[-1].split(":")[0]
        if not np.issubdtype(value.dtype, np.floating) or own in ("mean", "variance"):
            continue
        if "variance" in name:
            new = rng.uniform(0.5, 2, value.shape)
        elif "gamma" in name:
            new = rng.uniform(0.5, 1.5, value.shape)
        else:
            new = rng.normal(0, 0.4, value.shape)
        w.assign(new.astype(value.dtype))


def computed(name, inputs, tensors, x, last=True, library=keras, names=None):
    """The activations and gradients of tensors, each by its layer's name."""
    layers = []
    names = names or [tensor_name(t) for t in tensors]
    model = library.Model(inputs, tensors)
    for i, layer in enumerate(names):
        with tf.GradientTape() as tape:
            v = tf.constant(x)
            tape.watch(v)
            y = model(v, training=False)
            y = (y if isinstance(y, (list, tuple)) else [y])[i]
            rank = len(y.shape) - 1
            flat = tf.transpose(y, [0, 3, 1, 2]) if rank == 3 and last else y
            flat = tf.reshape(flat, [-1])
            c = np.cos(0.7 * np.arange(flat.shape[0])).astype(np.float32)
            loss = tf.reduce_sum(flat * c)
        g = tape.gradient(loss, v)
        layers.append({
            "name": layer,
            "shape": list(first(y.numpy()[0], last).shape),
            "output": encoded(first(y.numpy()[0], last)),
            "gradient": encoded(first(g.numpy()[0], last)),
        })
    stored(f"{name}.json", json.dumps({
        "shape": list(first(x[0], last).shape),
        "input": encoded(first(x[0], last)),
        "layers": layers,
    }).encode())


def tensor_name(t):
    return t._keras_history[0].name


def write(name, model, tensors, x, library, formats=("keras", "h5"), **more):
    computed(name, model.inputs, tensors, x, library=library, **more)
    for ending in formats:
        stored(f"{name}.{ending}", saved(model, ending))


def image(*shape):
    return rng.normal(0, 1, (1, *shape)).astype(np.float32)


def maps(library):
    """Every layer of maps, each on the image or on a convolution of it."""
    L = library.layers
    new = library is keras
    i = library.Input((6, 5, 4), name="image")
    out = []

    def put(layer, *xs):
        y = layer(xs[0] if len(xs) == 1 else list(xs))
        out.append(y)
        return y

    c = put(L.Conv2D(4, 3, padding="same", name="conv_same"), i)
    put(L.Conv2D(3, 3, name="conv_valid"), i)
    put(L.Conv2D(4, (3, 2), strides=2, padding="same", activation="relu", name="conv_stride"), i)
    put(L.Conv2D(3, 2, dilation_rate=2, padding="same", use_bias=False, activation="tanh", name="conv_dilated"), i)
    put(L.Conv2D(4, 3, groups=2, padding="same", activation=L.LeakyReLU(name="leaky"), name="conv_groups"), i)
    put(L.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same", activation="swish", name="depthwise"), i)
    put(L.DepthwiseConv2D((2, 3), dilation_rate=(2, 1), name="depthwise_dilated"), i)
    put(L.SeparableConv2D(3, 3, strides=2, padding="same", depth_multiplier=2, activation="elu", name="separable"), i)
    put(L.Conv2DTranspose(3, 3, strides=2, name="transposed"), i)
    put(L.Conv2DTranspose(2, 4, strides=2, padding="same", activation="sigmoid", name="transposed_same"), i)
    put(L.Conv2DTranspose(2, 3, strides=2, padding="same", name="transposed_odd"), i)
    put(L.Conv2DTranspose(2, 2, strides=3, name="transposed_small"), i)
    put(L.Conv2DTranspose(2, 2, strides=3, padding="same", name="transposed_small_same"), i)
    put(L.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=1, name="transposed_more_same"), i)
    put(L.Conv2DTranspose(2, 3, strides=2, output_padding=1, use_bias=False, name="transposed_more"), i)
    put(L.Dense(3, activation="softmax", name="dense_map"), i)
    put(L.BatchNormalization(name="batch"), i)
    put(L.BatchNormalization(axis=1, scale=False, epsilon=1e-2, name="batch_rows"), i)
    put(L.BatchNormalization(center=False, name="batch_uncentred"), c)
    put(L.LayerNormalization(name="layer"), i)
    put(L.LayerNormalization(axis=[1, 2, 3], epsilon=1e-5, name="layer_all"), i)
    put(L.LayerNormalization(axis=1, center=False, name="layer_rows"), i)
    put(L.LayerNormalization(scale=False, name="layer_unscaled"), i)
    put(L.GroupNormalization(groups=2, name="group"), i)
    put(L.GroupNormalization(groups=-1, center=False, scale=False, name="group_instance"), i)
    put(L.MaxPooling2D(2, name="max"), i)
    put(L.MaxPooling2D(3, strides=2, padding="same", name="max_same"), i)
    put(L.AveragePooling2D((2, 3), name="mean"), i)
    put(L.AveragePooling2D(3, strides=2, padding="same", name="mean_same"), i)
    g = put(L.GlobalAveragePooling2D(name="global_mean"), i)
    put(L.GlobalMaxPooling2D(name="global_max"), i)
    k = put(L.GlobalAveragePooling2D(keepdims=True, name="global_kept"), c)
    put(L.ZeroPadding2D(((1, 0), (2, 3)), name="padded"), i)
    put(L.ZeroPadding2D(1, name="padded_one"), i)
    put(L.Cropping2D(((1, 2), (0, 1)), name="cropped"), i)
    put(L.CenterCrop(3, 4, name="centred"), i)
    put(L.UpSampling2D((2, 3), name="up"), i)
    put(L.UpSampling2D((2, 3), interpolation="bilinear", name="up_linear"), i)
    put(L.Resizing(4, 7, name="resized"), i)
    put(L.Resizing(9, 3, interpolation="nearest", name="resized_nearest"), i)
    f = put(L.Flatten(name="flat"), c)
    put(L.Dense(3, name="dense_flat"), f)
    put(L.Reshape((10, 12), name="rows"), i)
    put(L.Reshape((4, -1, 6), name="other_map"), i)
    put(L.Reshape((2, 3, 5, 4), name="four_axes"), i)
    put(L.Permute((2, 1, 3), name="turned"), i)
    put(L.Permute((3, 1, 2), name="channels_front"), i)
    s = put(L.Reshape((1, 1, 4), name="one_pixel"), g)
    put(L.Flatten(name="flat_pixel"), k)
    put(L.Multiply(name="excited"), c, s)
    put(L.Multiply(name="excited_vector"), c, g)
    put(L.Add(name="added"), i, c, k)
    put(L.Subtract(name="subtracted"), i, c)
    put(L.Multiply(name="multiplied"), i, c)
    put(L.Average(name="averaged"), i, c, k)
    put(L.Maximum(name="larger"), i, c, k)
    put(L.Minimum(name="smaller"), i, c)
    put(L.Concatenate(name="joined"), i, c)
    put(L.Concatenate(axis=1, name="joined_rows"), i, c)
    put(L.Rescaling(1 / 127.5, offset=-1, name="rescaled"), i)
    put(L.Rescaling([1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.3, 0.4], name="rescaled_channels"), i)
    put(L.Normalization(mean=[0.1, 0.2, 0.3, 0.4], variance=[1.0, 2.0, 3.0, 4.0], name="standard"), i)
    put(L.Normalization(mean=0.3, variance=2.0, axis=None, name="standard_one"), i)
    put(L.Normalization(mean=0.3, variance=2.0, axis=None, invert=True, name="standard_inverted"), i)
    adapted = L.Normalization(name="adapted")
    adapted.adapt(rng.normal(1, 2, (8, 6, 5, 4)).astype(np.float32))
    put(adapted, i)
    put(L.ReLU(name="relu"), c)
    put(L.ReLU(max_value=0.5, name="relu_max"), c)
    put(L.ReLU(negative_slope=0.2, name="relu_slope"), c)
    put(L.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.3, name="relu_whole"), c)
    put(L.ReLU(threshold=0.3, name="relu_threshold"), c)
    put(L.LeakyReLU(name="leaky_default"), c)
    put(L.LeakyReLU(0.15, name="leaky_given"), c)
    put(L.PReLU(name="prelu"), c)
    put(L.PReLU(shared_axes=[1, 2], name="prelu_shared"), c)
    put(L.ELU(0.7, name="elu_given"), c)
    put(L.Softmax(name="softmax_channels"), c)
    put(L.Softmax(axis=1, name="softmax_rows"), c)
    functions = ["elu", "exponential", "gelu", "hard_sigmoid", "linear", "mish", "relu", "selu",
                 "sigmoid", "softmax", "softplus", "softsign", "swish", "tanh"]
    if new:
        functions += ["celu", "hard_shrink", "hard_silu", "hard_tanh", "leaky_relu", "log_sigmoid",
                      "log_softmax", "relu6", "silu", "soft_shrink", "sparse_plus",
                      "sparse_sigmoid", "squareplus", "tanh_shrink"]
    else:
        put(L.ThresholdedReLU(0.4, name="thresholded"), c)
    for function in functions:
        put(L.Activation(function, name="act_" + function), c)
    identities = [L.Dropout(0.5), L.SpatialDropout2D(0.5), L.GaussianDropout(0.5), L.GaussianNoise(1.0),
                  L.ActivityRegularization(0.1), L.RandomFlip(), L.RandomRotation(0.3)]
    if new:
        identities.append(L.AlphaDropout(0.5))
    y = i
    for layer in identities:
        y = layer(y)
    put(L.Activation("relu", name="after_identities"), y)
    return library.Model(i, [t for t in out]), out


def tokens(library):
    """Layers on positions [T, D], attention, and operations on tensors."""
    L = library.layers
    i = library.Input((4, 5, 6), name="image")
    out = []

    def put(y):
        out.append(y)
        return y

    t = put(L.Reshape((20, 6), name="positions")(i))
    n = put(L.LayerNormalization(epsilon=1e-6, name="normal")(t))
    d = put(L.Dense(8, activation="gelu", name="dense")(n))
    a = put(L.MultiHeadAttention(2, 3, name="self")(n, n))
    put(L.Add(name="residual")([t, a]))
    put(L.MultiHeadAttention(2, 3, value_dim=5, output_shape=7, use_bias=False, name="cross")(n, d))
    put(L.MultiHeadAttention(3, 2, name="cross_key")(n, d, t))
    put(L.MultiHeadAttention(2, 2, name="of_maps")(i, i))
    put(L.BatchNormalization(name="batch")(t))
    put(L.Permute((2, 1), name="turned")(t))
    put(L.Reshape((5, 4, 6), name="map")(t))
    put(L.Concatenate(axis=1, name="joined")([t, n]))
    put(L.Softmax(axis=1, name="softmax_positions")(t))
    put(L.PReLU(name="prelu")(t))
    g = put(L.GlobalAveragePooling1D(name="mean_position")(t))
    put(L.GlobalMaxPooling1D(keepdims=True, name="max_position")(t))
    put(L.RepeatVector(3, name="repeated")(g))
    put(L.UnitNormalization(name="unit")(t))
    put(L.UnitNormalization(axis=[1, 2], name="unit_map")(i))
    if library is keras:
        put(L.RMSNormalization(name="root_mean_square")(t))
    put(L.Flatten(name="flat")(t))
    put(L.Dense(5, name="dense_flat")(L.Flatten(name="flat_map")(i)))
    c = L.Conv2D(6, 1, name="conv")(i)
    if library is keras:
        ops = keras.ops
        more = [ops.mean(t, axis=1), ops.mean(i, axis=(1, 2)), ops.sum(i, axis=1),
                ops.max(i, axis=-1, keepdims=True), ops.relu(c), ops.relu6(c), ops.sigmoid(c),
                ops.tanh(c), ops.silu(c), ops.gelu(c), ops.gelu(c, approximate=False), ops.elu(c),
                ops.selu(c), ops.softplus(c), ops.leaky_relu(c), ops.hard_sigmoid(c), ops.hard_silu(c),
                ops.softmax(t), ops.softmax(i, axis=1), ops.log_softmax(t), ops.exp(c), ops.abs(c),
                ops.square(c), ops.clip(c, -0.5, 0.7), ops.maximum(c, 0.1), ops.minimum(c, i),
                ops.maximum(i, c), ops.concatenate([i, c], axis=-1), ops.reshape(i, (-1, 12, 10)),
                ops.sqrt(ops.abs(c) + 1.0), ops.rsqrt(ops.square(c) + 1.0), ops.log(ops.exp(c) + 1.0),
                ops.negative(c), ops.divide(i, ops.exp(c)), ops.softsign(c)]
    else:
        more = [tf.reduce_mean(t, axis=1), tf.reduce_mean(i, axis=[1, 2]), tf.reduce_sum(i, axis=1),
                tf.reduce_max(i, axis=-1, keepdims=True), tf.nn.relu(c), tf.nn.relu6(c), tf.nn.sigmoid(c),
                tf.nn.tanh(c), tf.nn.silu(c), tf.nn.gelu(c), tf.nn.gelu(c, approximate=True), tf.nn.elu(c),
                tf.nn.selu(c), tf.nn.softplus(c), tf.nn.leaky_relu(c), tf.nn.leaky_relu(c, 0.1),
                tf.nn.softmax(t), tf.nn.softmax(i, axis=1), tf.nn.log_softmax(t), tf.exp(c), tf.abs(c),
                tf.square(c), tf.clip_by_value(c, -0.5, 0.7), tf.maximum(c, 0.1), tf.minimum(c, i),
                tf.maximum(i, c), tf.concat([i, c], -1), tf.reshape(i, (-1, 12, 10)),
                tf.sqrt(tf.abs(c) + 1.0), tf.math.rsqrt(tf.square(c) + 1.0), tf.math.log(tf.exp(c) + 1.0),
                tf.negative(c), tf.divide(i, tf.exp(c)), tf.nn.softsign(c)]
    for y in more:
        put(y)
    for y in [c + 3.0, 3.0 + c, c - i, c - 1.5, 1.5 - c, c * i, 2.0 * c, c / 3.0, c / (i * i + 1.0),
              1.0 / (c * c + 1.0), -c, (c * c + 0.1) ** 0.75, c ** 2, abs(c),
              c * 0.5,
              i[:, 1:3], i[:, 0], i[:, :, ::2, 1:], t[:, 0], t[:, -1], t[:, 2:, :3]]:
        put(y)
    return library.Model(i, out), out


def nested(library):
    """Models inside of models, and one that is used twice."""
    L = library.layers
    block = library.Sequential([
        L.Conv2D(4, 3, padding="same", name="conv"),
        L.BatchNormalization(name="norm"),
        L.ReLU(name="relu"),
    ], name="block")
    a = library.Input((None, None, 4), name="left")
    b = library.Input((None, None, 4), name="right")
    shared = L.Conv2D(4, 1, name="mix")
    pair = library.Model([a, b], [L.Add(name="sum")([shared(a), shared(b)]), shared(a)], name="pair")
    i = library.Input((6, 5, 3), name="image")
    x = L.Conv2D(4, 3, name="stem")(i)
    y = block(x)
    z = block(y)
    u, v = pair([y, z])
    head = library.Sequential([
        library.Input((4, 3, 4)),
        library.Sequential([library.Input((4, 3, 4)), L.Conv2D(2, 2, name="conv")], name="inner"),
        L.Flatten(name="flat"),
        L.Dense(3, activation="softmax", name="classes"),
    ], name="head")
    out = head(L.Subtract(name="difference")([u, v]))
    model = library.Model(i, out)
    names = ["stem", "block", "block:1", "difference", "head"]
    return model, [x, y, z, model.get_layer("difference").output, out], names


def plain(library):
    L = library.layers
    return library.Sequential([
        library.Input((8, 7, 1), name="image") if library is keras else L.InputLayer((8, 7, 1), name="image"),
        L.Conv2D(3, 3, activation="relu", name="conv"),
        L.MaxPooling2D(name="pool"),
        L.Flatten(name="flat"),
        L.Dropout(0.5, name="drop"),
        L.Dense(4, activation="relu", name="hidden"),
        L.Dense(3, activation="softmax", name="classes"),
    ])


def rewritten(data, change):
    """An HDF5 file with another description."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.h5")
        pathlib.Path(path).write_bytes(data)
        with h5py.File(path, "r+") as f:
            change(f)
        return pathlib.Path(path).read_bytes()


def copied(data, **how):
    """An HDF5 file with its datasets stored in another way."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "copy.h5")
        with h5py.File(io.BytesIO(data)) as f, h5py.File(target, "w", libver=how.pop("libver", "earliest")) as g:
            for key, value in f.attrs.items():
                g.attrs[key] = value

            def visit(name, o):
                if isinstance(o, h5py.Dataset):
                    more = dict(how, chunks=tuple(max(1, (n + 1) // 2) for n in o.shape)) if how and o.shape else {}
                    new = g.create_dataset(name, data=o[()], **more)
                else:
                    new = g.require_group(name)
                for key, value in o.attrs.items():
                    new.attrs[key] = value

            f.visititems(visit)
        return pathlib.Path(target).read_bytes()


def main():
    for library, version in ((keras, "3"), (tf_keras, "2")):
        for name, build, shape in (("maps", maps, (6, 5, 4)), ("tokens", tokens, (4, 5, 6))):
            library.utils.set_random_seed(1)
            model, out = build(library)
            randomised(model)
            write(f"{name}{version}", model, out, image(*shape), library)
        model, out, names = nested(library)
        randomised(model)
        write(f"nested{version}", model, out, image(6, 5, 3), library, names=names)

    model = plain(tf_keras)
    randomised(model)
    write("plain2", model, [layer.output for layer in model.layers if layer.name != "drop"],
          image(8, 7, 1), tf_keras, formats=("h5",))
    data = saved(model, "h5")

    # As Keras before 2.2.3 wrote it: a list of layers, the first of which has the shape.
    def older(f):
        config = json.loads(f.attrs["model_config"])
        layers = config["config"]["layers"][1:]
        layers[0]["config"]["batch_input_shape"] = [None, 8, 7, 1]
        f.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers}).encode()
        f.attrs["keras_version"] = b"2.1.6"

    stored("plain2.older.h5", rewritten(data, older))
    stored("plain2.gzip.h5", copied(data, compression="gzip", shuffle=True, fletcher32=True))
    stored("plain2.chunks.h5", copied(data, shuffle=False, fletcher32=False))
    stored("plain2.latest.h5", copied(data, libver="latest"))

    # Half precision, with numbers that it can hold.
    for policy in ("float16", "bfloat16"):
        model = plain(keras)
        randomised(model)
        for w in model.weights:
            w.assign(tf.cast(tf.cast(w.value, policy), "float32"))
        tensors = [layer.output for layer in model.layers if layer.name != "drop"]
        computed(policy, model.inputs, tensors, image(8, 7, 1))
        keras.config.set_dtype_policy(policy)
        half = plain(keras)
        keras.config.set_dtype_policy("float32")
        half.set_weights([np.array(w) for w in model.weights])
        stored(policy + ".keras", saved(half, "keras"))
        stored(policy + ".h5", saved(half, "h5"))


if __name__ == "__main__":
    main()
