package io.metamer.examples;

import io.metamer.image.ImageSpec;
import io.metamer.model.Network;
import io.metamer.model.UnsupportedModelException;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints a network as it was imported. */
@Command(
    name = "layers",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Prints a network as it was imported: its layers with kinds, shapes and parameters.",
      "",
      "Above them stand what penultimate and logits are, what the network does to its images itself"
          + " (such a network wants no other preprocessing), and what of it cannot be run, and why."
    },
    footer = {"", "Exit codes: 0 done, 2 bad input."})
final class Layers implements Callable<Integer> {

  private static final Pattern SIZE = Pattern.compile("(\\d{1,6})(?:[xX](\\d{1,6}))?");

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  @Mixin private final NetworkOption network = new NetworkOption();

  @Option(
      names = "--size",
      paramLabel = "HxW",
      description =
          "The rows and columns of the images, such as 224x224, or one number for both; needed"
              + " where the file leaves them free.")
  private @Nullable String size;

  @Option(
      names = "--channels",
      paramLabel = "N",
      description =
          "The colour planes of the images, where the file does not state them. Default: 3.")
  private @Nullable Integer channels;

  @Override
  public Integer call() {
    try {
      spec.commandLine().getOut().print(table(network.load()));
      spec.commandLine().getOut().flush();
      return 0;
    } catch (IOException | IllegalArgumentException | UnsupportedModelException e) {
      throw BadInput.of(e);
    }
  }

  private String table(Network network) {
    if (size == null) {
      if (network.input().isEmpty()) {
        throw new BadInput(
            "network %s states no size of its images: give --size, such as --size 224x224."
                .formatted(network));
      }
      if (channels != null) {
        throw new BadInput("--channels: expected --size beside it.");
      }
      return network.table();
    }
    Matcher parts = SIZE.matcher(size);
    if (!parts.matches()) {
      throw new BadInput(
          "--size %s: expected rows and columns, such as 224x224, or one number.".formatted(size));
    }
    int rows = Integer.parseInt(parts.group(1));
    int columns = parts.group(2) == null ? rows : Integer.parseInt(parts.group(2));
    int planes = channels == null ? network.channels().orElse(3) : channels;
    return network.table(new ImageSpec(planes, rows, columns, 0, 1));
  }
}
