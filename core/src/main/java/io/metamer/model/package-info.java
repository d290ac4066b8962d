/**
 * Representations of images: a network, a layer and its preprocessing, from ONNX, Keras and DL4J
 * files.
 */
@NullMarked
package io.metamer.model;

import org.jspecify.annotations.NullMarked;
