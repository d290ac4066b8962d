package io.metamer.studies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The table of results: a row for each image, made from what the chunks say. */
final class Results {

  /** Strictly: else what is long is quoted too. */
  private static final CsvMapper CSV =
      CsvMapper.csvBuilder().enable(CsvGenerator.Feature.STRICT_CHECK_FOR_QUOTING).build();

  /** What every row has; numbers of an image that only some have follow. */
  private static final List<String> COLUMNS =
      List.of("network", "regularizer", "seed", "index", "target", "file");

  private Results() {}

  /** Of those chunks that are there, in their order. */
  static String csv(StudyFolder folder, List<Chunk> chunks) throws IOException {
    Set<String> columns = new LinkedHashSet<>(COLUMNS);
    List<Map<String, String>> rows = new ArrayList<>();
    for (Chunk chunk : chunks) {
      Optional<ObjectNode> said = folder.read(chunk);
      if (said.isPresent()) {
        for (JsonNode image : said.get().path("images")) {
          Map<String, String> row = row(chunk, image);
          columns.addAll(row.keySet());
          rows.add(row);
        }
      }
    }
    return csv(columns, rows);
  }

  /** Rows of text under columns; nothing if there are no columns. */
  static String csv(Collection<String> columns, List<Map<String, String>> rows) {
    if (columns.isEmpty()) {
      return "";
    }
    CsvSchema.Builder schema = CsvSchema.builder().setUseHeader(true).setLineSeparator("\n");
    columns.forEach(schema::addColumn);
    try {
      return CSV.writer(schema.build()).writeValueAsString(rows);
    } catch (JsonProcessingException e) {
      throw new AssertionError("rows of text can be written", e);
    }
  }

  private static Map<String, String> row(Chunk chunk, JsonNode image) {
    Map<String, String> row = new LinkedHashMap<>();
    row.put("network", chunk.network());
    row.put("regularizer", chunk.regularizer());
    row.put("seed", Long.toString(chunk.seed()));
    flatten("", image, row);
    // With slashes on every system.
    row.put("file", String.join("/", parts(chunk)) + "/" + image.path("file").asText());
    return row;
  }

  private static List<String> parts(Chunk chunk) {
    List<String> parts = new ArrayList<>();
    chunk.folder().forEach(part -> parts.add(part.toString()));
    return parts;
  }

  /** What is nested gets a name with a dot; what is null stays empty. */
  private static void flatten(String prefix, JsonNode node, Map<String, String> row) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String name = prefix + field.getKey();
      if (field.getValue().isObject()) {
        flatten(name + ".", field.getValue(), row);
      } else {
        row.put(name, field.getValue().isNull() ? "" : field.getValue().asText());
      }
    }
  }
}
