package io.metamer.model;

import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FileFormatTest {

  private static final byte[] HDF5 = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

  private final Path temp;

  FileFormatTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void format_isThatOfTheContents_whateverTheFilesName() throws IOException {
    assertEquals(FileFormat.ONNX, FileFormat.of(file(OnnxFile.classifier().bytes())));
    assertEquals(FileFormat.DL4J, FileFormat.of(zip("configuration.json", "coefficients.bin")));
    assertEquals(
        FileFormat.KERAS, FileFormat.of(zip("metadata.json", "config.json", "model.weights.h5")));
    assertEquals(FileFormat.KERAS, FileFormat.of(file(HDF5)));
    byte[] later = new byte[600];
    System.arraycopy(HDF5, 0, later, 512, 8);
    assertEquals(FileFormat.KERAS, FileFormat.of(file(later)));
  }

  @Test
  void network_isReadFromAFileOfAnyName() throws IOException {
    Network network = Network.load(file(OnnxFile.classifier().bytes()));
    assertEquals("features", network.layers().get(5).name());
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain2.h5", "nested2.h5", "nested2.keras", "nested3.keras"})
  void networkOfKeras_isReadFromAFileOfAnyName(String golden) throws IOException {
    try (InputStream packed =
            new FileInputStream("src/test/resources/golden/keras/" + golden + ".gz");
        InputStream bytes = new GZIPInputStream(packed)) {
      Network network = Network.load(file(bytes.readAllBytes()));
      assertEquals("some", network.name());
      assertTrue(network.layers().size() > 2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"archive/data.pkl", "archive/constants.pkl", "readme.txt"})
  void zips_ofSomethingElse_areNamed(String entry) throws IOException {
    Path file = zip("archive/version", entry);
    String what =
        switch (entry) {
          case "archive/data.pkl" -> "holds weights alone";
          case "archive/constants.pkl" -> "a program of TorchScript";
          default -> "a zip of something else";
        };
    assertRefused(IOException.class, () -> Network.load(file), what, "expected a network of ONNX");
  }

  @Test
  void otherFiles_areNamed() throws IOException {
    assertRefused(IOException.class, () -> Network.load(file(new byte[0])), "is empty");
    assertRefused(IOException.class, () -> Network.load(temp), "is a folder");
    assertRefused(
        NoSuchFileException.class, () -> Network.load(temp.resolve("none.onnx")), "none.onnx");
    assertRefused(
        IOException.class,
        () -> Network.load(file(new byte[] {(byte) 0x80, 2, 'c', 'x'})),
        "holds weights alone");
    byte[] safetensors = "\20\0\0\0\0\0\0\0{\"a\":{}}".getBytes(StandardCharsets.ISO_8859_1);
    assertRefused(IOException.class, () -> Network.load(file(safetensors)), "holds weights alone");
    byte[] numpy = "\u0093NUMPY\1\0".getBytes(StandardCharsets.ISO_8859_1);
    assertRefused(IOException.class, () -> Network.load(file(numpy)), "an array of NumPy");
    assertRefused(
        IOException.class,
        () -> Network.load(file("<html>".getBytes(StandardCharsets.US_ASCII))),
        "is not an ONNX model");
  }

  @Test
  void zips_cutShort_areRefused() throws IOException {
    byte[] whole = Files.readAllBytes(zip("configuration.json", "coefficients.bin"));
    for (int length = 4; length < whole.length; length += 7) {
      Path file = file(Arrays.copyOf(whole, length));
      assertRefused(
          IOException.class, () -> Network.load(file), "some.file is a zip that is cut short");
    }
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(temp.resolve("some.file"), bytes);
  }

  private Path zip(String... entries) throws IOException {
    Path file = temp.resolve("some.zip");
    try (OutputStream stream = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(stream)) {
      for (String entry : entries) {
        zip.putNextEntry(new ZipEntry(entry));
        zip.write(1);
        zip.closeEntry();
      }
    }
    return file;
  }
}
