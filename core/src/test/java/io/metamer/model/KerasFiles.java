package io.metamer.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** Files of Keras with another description. */
final class KerasFiles {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private KerasFiles() {}

  static Map<String, byte[]> entries(byte[] keras) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(keras))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        entries.put(entry.getName(), zip.readAllBytes());
      }
    }
    return entries;
  }

  static byte[] zip(Map<String, byte[]> entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    return bytes.toByteArray();
  }

  /** A golden .keras file whose description has been changed. */
  static byte[] changed(String file, Consumer<ObjectNode> change) throws IOException {
    Map<String, byte[]> entries = entries(KerasGolden.bytes(file));
    ObjectNode model = (ObjectNode) MAPPER.readTree(entries.get("config.json"));
    change.accept(model);
    entries.put("config.json", MAPPER.writeValueAsBytes(model));
    return zip(entries);
  }

  /** The description of a layer of the outermost model. */
  static ObjectNode layer(JsonNode model, String name) {
    ObjectNode found = null;
    for (JsonNode layer : model.path("config").path("layers")) {
      if (layer.path("config").path("name").asText().equals(name)) {
        found = (ObjectNode) layer;
      }
    }
    return Objects.requireNonNull(found, name);
  }

  static ObjectNode config(JsonNode model, String name) {
    return (ObjectNode) layer(model, name).get("config");
  }

  static Network read(byte[] bytes) throws IOException {
    return KerasNetwork.read(new ByteArrayInputStream(bytes), "small");
  }
}
