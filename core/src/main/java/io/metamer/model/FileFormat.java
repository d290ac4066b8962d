package io.metamer.model;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** The formats of network files, told apart by their contents. */
enum FileFormat {
  ONNX,
  KERAS,
  DL4J;

  private static final String EXPECTED =
      "; expected a network of ONNX, Keras (.h5, .keras) or DL4J (.zip)";

  /** Where HDF5 looks for its signature, as far as it is looked for here. */
  private static final int[] HDF5_OFFSETS = {0, 512, 1024, 2048};

  private static final byte[] HDF5 = "\u0089HDF\r\n\u001a\n".getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] ZIP = {'P', 'K', 3, 4};
  private static final byte[] NUMPY = "\u0093NUMPY".getBytes(StandardCharsets.ISO_8859_1);

  /**
   * The format of a file. What has no signature is taken for ONNX, whose reader says what is wrong.
   *
   * @throws IOException if there is no such file, or it is something else
   */
  static FileFormat of(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FileNotFoundException(file + " is a folder" + EXPECTED);
    }
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    byte[] head;
    try (InputStream stream = Files.newInputStream(file)) {
      head = stream.readNBytes(HDF5_OFFSETS[HDF5_OFFSETS.length - 1] + HDF5.length);
    }
    if (head.length == 0) {
      throw new IOException(file + " is empty" + EXPECTED);
    }
    if (has(head, 0, ZIP)) {
      return ofZip(file);
    }
    for (int offset : HDF5_OFFSETS) {
      if (has(head, offset, HDF5)) {
        return KERAS;
      }
    }
    boolean pickle = head.length > 1 && (head[0] & 0xff) == 0x80 && head[1] >= 2 && head[1] <= 5;
    boolean safetensors = head.length > 8 && head[8] == '{' && head[7] == 0 && head[6] == 0;
    if (pickle || safetensors) {
      throw weightsAlone(file);
    }
    if (has(head, 0, NUMPY)) {
      throw new IOException(file + " is an array of NumPy" + EXPECTED);
    }
    return ONNX;
  }

  private static FileFormat ofZip(Path file) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      if (zip.getEntry("configuration.json") != null) {
        return DL4J;
      }
      if (zip.getEntry("config.json") != null || zip.getEntry("model.weights.h5") != null) {
        return KERAS;
      }
      if (zip.stream().anyMatch(entry -> entry.getName().endsWith("/constants.pkl"))) {
        throw new IOException(
            file + " is a program of TorchScript; export the network to ONNX" + EXPECTED);
      }
      if (zip.stream().anyMatch(entry -> entry.getName().endsWith("/data.pkl"))) {
        throw weightsAlone(file);
      }
      throw new IOException(file + " is a zip of something else" + EXPECTED);
    } catch (ZipException | IllegalArgumentException e) {
      throw new IOException(
          "%s is a zip that is cut short or damaged: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static IOException weightsAlone(Path file) {
    return new IOException(
        file
            + " holds weights alone, not what is computed with them: export the network itself, say"
            + " from PyTorch by torch.onnx.export"
            + EXPECTED);
  }

  private static boolean has(byte[] bytes, int offset, byte[] signature) {
    int end = offset + signature.length;
    return bytes.length >= end && Arrays.equals(bytes, offset, end, signature, 0, signature.length);
  }
}
