package io.metamer.model;

/**
 * Which network, which of its layers, and what is done to images first: what a result says it came
 * from.
 *
 * @param name a short name for tables, usually the file's without its ending
 * @param sha256 the SHA-256 of the file, or of the weights where there is no file; 64 hexadecimal
 *     digits
 * @param layer the name of the layer
 * @param preprocessing what the network wants done to images
 * @since 0.1
 */
public record ModelId(String name, String sha256, String layer, Preprocessing preprocessing) {}
