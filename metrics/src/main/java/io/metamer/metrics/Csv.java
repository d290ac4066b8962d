package io.metamer.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Tables of text with a line of column names, read whole.
 *
 * <p>A row is known by its number, from 1 for the first under the names, empty lines not counted.
 */
final class Csv {

  /** Some spreadsheets write it before the first name. */
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private static final CsvMapper MAPPER =
      CsvMapper.csvBuilder()
          .enable(CsvParser.Feature.TRIM_SPACES)
          .enable(CsvParser.Feature.WRAP_AS_ARRAY)
          .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
          .build();

  /** One row, with the columns asked for. */
  record Row(String file, int number, List<String> columns, String[] cells) {

    String text(String column) {
      return cells[columns.indexOf(column)];
    }

    int whole(String column) throws IOException {
      try {
        return Integer.parseInt(text(column));
      } catch (NumberFormatException e) {
        throw bad("a whole number", column, e);
      }
    }

    double number(String column) throws IOException {
      try {
        double number = Double.parseDouble(text(column));
        if (Double.isFinite(number)) {
          return number;
        }
        throw new NumberFormatException("not finite");
      } catch (NumberFormatException e) {
        throw bad("a number", column, e);
      }
    }

    private IOException bad(String expected, String column, NumberFormatException e) {
      return new IOException(
          "%s, row %d: expected %s in column %s, got '%s'"
              .formatted(file, number, expected, column, text(column)),
          e);
    }
  }

  private Csv() {}

  /**
   * Reads a file.
   *
   * @param columns that it has, in any order; others are left out
   * @throws IOException if it cannot be read, lacks a column, or a row has another number of cells
   */
  static List<Row> read(Path file, List<String> columns) throws IOException {
    try (BufferedReader text = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      // A participant's name may begin with #.
      return read(text, file.toString(), columns, CsvSchema.emptySchema());
    }
  }

  /**
   * Reads one of our own tables, which have comments that begin with {@code #}.
   *
   * @param text stays the caller's
   * @param name of the table, for messages
   */
  static List<Row> readCommented(Reader text, String name, List<String> columns)
      throws IOException {
    return read(text, name, columns, CsvSchema.emptySchema().withComments());
  }

  private static List<Row> read(Reader text, String name, List<String> columns, CsvSchema schema)
      throws IOException {
    List<Row> rows = new ArrayList<>();
    try (MappingIterator<String[]> lines =
        MAPPER.readerFor(String[].class).with(schema).readValues(text)) {
      if (!lines.hasNextValue()) {
        throw new IOException("%s: expected columns %s, got nothing".formatted(name, columns));
      }
      List<String> header = new ArrayList<>(List.of(lines.nextValue()));
      header.set(0, header.get(0).replace(BYTE_ORDER_MARK, ""));
      int[] places = columns.stream().mapToInt(header::indexOf).toArray();
      for (int i = 0; i < places.length; i++) {
        if (places[i] < 0) {
          throw new IOException(
              "%s: expected a column %s, got %s".formatted(name, columns.get(i), header));
        }
      }
      while (lines.hasNextValue()) {
        String[] line = lines.nextValue();
        int number = rows.size() + 1;
        if (line.length != header.size()) {
          throw new IOException(
              "%s, row %d: expected %d cells, got %d"
                  .formatted(name, number, header.size(), line.length));
        }
        String[] cells = new String[places.length];
        for (int i = 0; i < places.length; i++) {
          cells[i] = line[places[i]];
        }
        rows.add(new Row(name, number, columns, cells));
      }
    } catch (JsonProcessingException e) {
      throw new IOException("%s, row %d: not CSV".formatted(name, rows.size() + 1), e);
    }
    return rows;
  }
}
