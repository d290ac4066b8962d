package io.metamer.perceptual;

import io.metamer.perceptual.Lpips.Heads;
import io.metamer.perceptual.Lpips.Trunk;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Finds the files of LPIPS and DISTS in a folder. */
final class WeightFiles {

  private static final List<String> STATE_DICTS = List.of(".pth", ".pt", ".safetensors", ".npz");

  private WeightFiles() {}

  /** The file of a trunk; of several the first by name. */
  static Path trunk(Path directory, Trunk trunk) throws IOException {
    List<Path> files = files(directory);
    return files.stream()
        .filter(file -> name(file).startsWith(trunk.file()))
        .filter(file -> isStateDict(file) || name(file).endsWith(".onnx"))
        .findFirst()
        .orElseThrow(
            () ->
                missing(
                    directory,
                    files,
                    "a file of %s whose name begins with %s and ends in %s or .onnx"
                        .formatted(trunk.network(), trunk.file(), String.join(", ", STATE_DICTS))));
  }

  /** The file of a trunk's heads. */
  static Path heads(Path directory, Trunk trunk, Heads heads) throws IOException {
    List<Path> files = files(directory);
    String full = "lin_%s_%s".formatted(heads.label(), trunk.label());
    Path inner = directory.resolve(heads.label());
    List<Path> all =
        Files.isDirectory(inner)
            ? Stream.concat(files.stream(), files(inner).stream()).toList()
            : files;
    for (String stem : List.of(full, trunk.label())) {
      for (Path file : all) {
        if (isStateDict(file)
            && name(file).substring(0, name(file).lastIndexOf('.')).equals(stem)) {
          return file;
        }
      }
    }
    throw missing(
        directory,
        all,
        "the heads of LPIPS %s for %s, %s.pth or %s.npz"
            .formatted(heads.label(), trunk.network(), trunk.label(), full));
  }

  /** VGG16 as a list of tensors, which DISTS needs: it runs other pooling between them. */
  static Path vgg16(Path directory) throws IOException {
    List<Path> files = files(directory);
    return files.stream()
        .filter(file -> name(file).startsWith(Trunk.VGG.file()) && isStateDict(file))
        .findFirst()
        .orElseThrow(
            () ->
                missing(
                    directory,
                    files,
                    "a file of VGG16 whose name begins with %s and ends in %s"
                        .formatted(Trunk.VGG.file(), String.join(" or ", STATE_DICTS))));
  }

  /** The weights of DISTS, under their authors' name or one that says what they are. */
  static Path dists(Path directory) throws IOException {
    List<Path> files = files(directory);
    return files.stream()
        .filter(file -> name(file).startsWith("dists") || name(file).startsWith("weights."))
        .filter(WeightFiles::isStateDict)
        .findFirst()
        .orElseThrow(
            () ->
                missing(
                    directory,
                    files,
                    "the weights of DISTS, weights.pt or a file whose name begins with dists"));
  }

  /** Of the files one after the other. */
  static String sha256(List<Path> files) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
    for (Path file : files) {
      try (InputStream stream = new DigestInputStream(Files.newInputStream(file), digest)) {
        stream.transferTo(OutputStream.nullOutputStream());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static List<Path> files(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      throw new NoSuchFileException(directory.toString());
    }
    if (!Files.isDirectory(directory)) {
      throw new NotDirectoryException(directory.toString());
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static boolean isStateDict(Path file) {
    return STATE_DICTS.stream().anyMatch(name(file)::endsWith);
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
  }

  private static IOException missing(Path directory, List<Path> found, String expected) {
    String names =
        found.isEmpty()
            ? "no files"
            : String.join(", ", found.stream().map(WeightFiles::name).limit(12).toList());
    return new IOException("%s: expected %s, found %s".formatted(directory, expected, names));
  }
}
