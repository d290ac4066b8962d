package io.metamer.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;

/**
 * What a file of Keras holds: the description of the network, and its weights.
 *
 * @param network the network's name, for messages
 * @param version Keras' major version, 2 or 3: some layers differ
 * @param model the description
 * @param weights of all layers
 */
record KerasFile(String network, int version, JsonNode model, KerasWeights weights) {

  /** Of a description in JSON; those of the largest published networks are below 2 MB. */
  private static final int MOST_OF_A_DESCRIPTION = 16 << 20;

  private static final int DEEPEST_DESCRIPTION = 300;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEEPEST_DESCRIPTION)
                          .maxDocumentLength(MOST_OF_A_DESCRIPTION)
                          .build())
                  .build())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private static final Set<String> ENTRIES =
      Set.of("metadata.json", "config.json", "model.weights.h5");

  static KerasFile read(byte[] bytes, String network, String origin) throws IOException {
    if (KerasHdf5.isHdf5(bytes)) {
      return hdf5(bytes, network, origin);
    }
    if (bytes.length > 3 && bytes[0] == 'P' && bytes[1] == 'K') {
      return zip(bytes, network, origin);
    }
    throw new IOException(
        "%s is neither an HDF5 file nor a .keras file of Keras, or is cut short".formatted(origin));
  }

  /** The one file of Keras 2, which Keras 3 calls legacy. */
  private static KerasFile hdf5(byte[] bytes, String network, String origin) throws IOException {
    KerasHdf5 file = KerasHdf5.read(bytes, origin);
    String model = file.text("", "model_config");
    if (model == null) {
      if (file.texts("", "layer_names") != null
          || file.hasGroup("layers")
          || file.hasGroup("_layer_checkpoint_dependencies")) {
        throw new UnsupportedModelException(
            ("network %s: %s holds weights alone, not which layers they belong to; supported are"
                    + " files of whole models, as model.save writes them")
                .formatted(network, origin));
      }
      throw new IOException("%s is an HDF5 file, but holds no model of Keras".formatted(origin));
    }
    String backend = file.text("", "backend");
    if (backend != null && (backend.equals("theano") || backend.equals("cntk"))) {
      throw new UnsupportedModelException(
          "network %s was written by Keras on %s, whose kernels are stored in another order"
              .formatted(network, backend));
    }
    return new KerasFile(
        network,
        version(network, file.text("", "keras_version")),
        json(model.getBytes(StandardCharsets.UTF_8), origin),
        KerasWeights.byLayer(file, file.hasGroup("model_weights") ? "model_weights" : ""));
  }

  private static KerasFile zip(byte[] bytes, String network, String origin) throws IOException {
    Map<String, byte[]> entries = entries(bytes, origin);
    byte[] config = entries.get("config.json");
    byte[] weights = entries.get("model.weights.h5");
    if (config == null || weights == null) {
      throw new IOException(
          "%s is a zip file, but not one of Keras: expected %s and %s in it"
              .formatted(origin, "config.json", "model.weights.h5"));
    }
    byte[] metadata = entries.get("metadata.json");
    JsonNode version = metadata == null ? null : json(metadata, origin).get("keras_version");
    if (!KerasHdf5.isHdf5(weights)) {
      throw new IOException("%s: model.weights.h5 in it is not an HDF5 file".formatted(origin));
    }
    return new KerasFile(
        network,
        version(network, version == null ? null : version.asText()),
        json(config, origin),
        KerasWeights.byPosition(KerasHdf5.read(weights, origin)));
  }

  /** Inflated no further than a stated multiple of the file. */
  private static Map<String, byte[]> entries(byte[] bytes, String origin) throws IOException {
    Map<String, byte[]> entries = new HashMap<>();
    long room = KerasHdf5.most(bytes.length);
    byte[] piece = new byte[1 << 16];
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(bytes))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        boolean wanted = ENTRIES.contains(entry.getName());
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (int n = zip.read(piece); n >= 0; n = zip.read(piece)) {
          room -= n;
          if (room < 0) {
            throw new IOException("%s inflates to more than 10 times its size".formatted(origin));
          }
          if (wanted) {
            content.write(piece, 0, n);
          }
        }
        if (wanted) {
          entries.put(entry.getName(), content.toByteArray());
        }
      }
    } catch (ZipException | EOFException | IllegalArgumentException e) {
      throw new IOException("%s is not a whole zip file: %s".formatted(origin, e.getMessage()), e);
    }
    return entries;
  }

  private static JsonNode json(byte[] text, String origin) throws IOException {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IOException(
          "%s: its description is not JSON, or nested too deep: %s"
              .formatted(origin, e.getOriginalMessage()),
          e);
    }
  }

  /** "2.4.0", "2.2.4-tf" or "3.10.0". */
  private static int version(String network, @Nullable String text) {
    if (text != null && text.startsWith("3")) {
      return 3;
    }
    if (text != null && text.startsWith("2")) {
      return 2;
    }
    throw new UnsupportedModelException(
        "network %s was written by Keras %s; supported are 2 and 3"
            .formatted(network, text == null ? "of an unknown version" : text));
  }
}
