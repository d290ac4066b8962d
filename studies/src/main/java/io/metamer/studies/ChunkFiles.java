package io.metamer.studies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.inversion.Certificate;
import io.metamer.inversion.Certificate.Agreement;
import io.metamer.inversion.ImageOutcome;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.NullDistribution;
import io.metamer.inversion.Provenance;
import io.metamer.model.ModelId;
import io.metamer.model.Preprocessing;
import io.metamer.perceptual.PerceptualDistance;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What of a search is kept, as the files of a chunk. */
final class ChunkFiles {

  /** The layout of chunk.json. */
  static final int FORMAT = 1;

  private static final String FLOATS = "images.npy";

  private static final ObjectMapper JSON = new ObjectMapper();

  private ChunkFiles() {}

  /** By name. All but the times are the same whenever the chunk is computed. */
  static Map<String, byte[]> of(Chunk chunk, InversionResult result, boolean floats)
      throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (int i = 0; i < result.size(); i++) {
      files.put(png(chunk, i), png(result.images().slice(i), result.input()));
    }
    if (floats) {
      files.put(FLOATS, npy(result.images()));
    }
    ObjectNode said = said(chunk, result);
    files.keySet().forEach(said.putArray("files")::add);
    files.put(StudyFolder.CHUNK, text(said));
    ObjectNode times = JSON.createObjectNode();
    times.put("started", result.provenance().started().toString());
    times.put("seconds", result.provenance().seconds());
    files.put(StudyFolder.TIMES, text(times));
    return files;
  }

  /** ND4J writes through a channel, which an interrupt closes, and hides what that throws. */
  private static byte[] npy(INDArray images) throws IOException {
    try {
      return Nd4j.toNpyByteArray(images);
    } catch (RuntimeException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw e;
    }
  }

  static byte[] png(INDArray image, ImageSpec spec) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // In memory: ImageIO's cache of files needs a shutdown hook, and fails when the JVM goes down.
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(Images.toBufferedImage(image, spec), "png", stream);
    } catch (IOException e) {
      throw new AssertionError("memory can be written to", e);
    }
    return bytes.toByteArray();
  }

  private static String png(Chunk chunk, int i) {
    return Names.png(chunk.first() + i, chunk.targets().get(i));
  }

  private static ObjectNode said(Chunk chunk, InversionResult result) {
    Provenance provenance = result.provenance();
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT);
    root.put("key", chunk.key());
    root.put("network", chunk.network());
    root.put("regularizer", chunk.regularizer());
    root.put("seed", chunk.seed());
    root.put("chunk", chunk.index());
    model(root.putObject("model"), provenance.model());
    ObjectNode options = root.putObject("options");
    components(options, result.options());
    options.put("regularizer", result.options().regularizer().name());
    distances(root, result.options().regularizer().distances());
    root.put("type", provenance.type());
    root.put("targetsSha256", provenance.targetsSha256());
    root.put("seedsSha256", provenance.seedsSha256());
    root.put("versions", provenance.versions());
    ArrayNode images = root.putArray("images");
    for (int i = 0; i < result.size(); i++) {
      ObjectNode image = images.addObject();
      image.put("index", chunk.first() + i);
      image.put("target", chunk.targets().get(i));
      image.put("file", png(chunk, i));
      outcome(image, result.outcomes().get(i));
      Certificate certificate = result.certificates().get(i);
      agreement(image.putObject("asFound"), certificate.asFound());
      agreement(image.putObject("asPng"), certificate.asPng());
    }
    result.nullDistribution().ifPresent(n -> pairs(root.putObject("nullDistribution"), n));
    return root;
  }

  /** What the penalty rests on, if on anything. */
  private static void distances(ObjectNode root, List<PerceptualDistance> distances) {
    if (!distances.isEmpty()) {
      ArrayNode nodes = root.putArray("distances");
      for (PerceptualDistance distance : distances) {
        ObjectNode node = nodes.addObject();
        node.put("name", distance.name());
        if (distance instanceof DescribedDistance described) {
          node.put("sha256", described.sha256());
        }
      }
    }
  }

  /** Every component of the options, as text: those to come need no line here. */
  private static void components(ObjectNode node, Record options) {
    for (var component : options.getClass().getRecordComponents()) {
      try {
        node.put(component.getName(), String.valueOf(component.getAccessor().invoke(options)));
      } catch (ReflectiveOperationException e) {
        throw new LinkageError("a public record shows its components", e);
      }
    }
  }

  private static void model(ObjectNode node, ModelId model) {
    node.put("sha256", model.sha256());
    node.put("layer", model.layer());
    preprocessing(node.putObject("preprocessing"), model.preprocessing());
    model.inside().ifPresent(p -> preprocessing(node.putObject("normalizationInside"), p));
  }

  private static void preprocessing(ObjectNode node, Preprocessing preprocessing) {
    node.put("scale", preprocessing.scale());
    preprocessing.mean().forEach(node.putArray("mean")::add);
    preprocessing.std().forEach(node.putArray("std")::add);
    node.put("order", preprocessing.order().name());
  }

  private static void outcome(ObjectNode node, ImageOutcome outcome) {
    number(node, "distance", outcome.distance());
    number(node, "loss", outcome.loss());
    node.put("bestIteration", outcome.bestIteration());
    node.put("iterations", outcome.iterations());
    node.put("evaluations", outcome.evaluations());
    node.put("stop", outcome.stop().name());
    outcome.divergence().ifPresent(where -> node.put("divergence", where.toString()));
  }

  /** An image of a kind has the same fields as every other, whatever its numbers. */
  private static void agreement(ObjectNode node, Agreement agreement) {
    number(node, "distance", agreement.distance());
    agreement.percentile().ifPresent(p -> node.put("percentile", p));
    node.put("pearson", agreement.pearson());
    node.put("spearman", agreement.spearman());
    agreement
        .classes()
        .ifPresent(c -> node.put("targetClass", c.target()).put("imageClass", c.image()));
    if (agreement.parts().size() > 1) {
      ObjectNode parts = node.putObject("parts");
      agreement.parts().forEach(part -> number(parts, part.name(), part.distance()));
    }
  }

  private static void pairs(ObjectNode node, NullDistribution pairs) {
    node.put("pairs", pairs.size());
    node.put("smallest", pairs.smallest());
    node.put("median", pairs.median());
  }

  /** JSON knows no infinity: what is not finite is null. */
  private static void number(ObjectNode node, String name, double number) {
    if (Double.isFinite(number)) {
      node.put(name, number);
    } else {
      node.putNull(name);
    }
  }

  private static byte[] text(ObjectNode node) {
    try {
      String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(node);
      return (text + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of numbers and text can be written", e);
    }
  }
}
