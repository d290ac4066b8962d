package io.metamer.examples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metamer.network.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Times searches and distances on each engine, and in PyTorch where it is installed. All take
 * turns, each run in a process of its own, since machines are shared and drift: ratios are what to
 * read.
 */
@Command(
    name = "benchmark",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Times steps of searches and distances, on each engine, and in PyTorch where Python has torch"
          + " and torchvision.",
      "",
      "PyTorch runs the same steps on the same network and images in two variants: reference, as"
          + " published code does it, and tuned, as a careful user would write it. All take turns,"
          + " and ratios are medians over the rounds: below 1, Metamer is faster.",
      "",
      "Prints a line of JSON for each workload, and a table of all."
    },
    footer = {
      "",
      "Examples:",
      "  metamer benchmark",
      "  metamer benchmark --job none --batch 1,8,32,128",
      "  metamer benchmark --network resnet50,vgg16,densenet121,inception_v3 --job none --batch 8",
      "  metamer benchmark --network mine.onnx",
      "",
      "Exit codes: 0 done, 2 bad input."
    })
final class Benchmark implements Callable<Integer> {

  private static final List<String> NETWORKS =
      List.of("resnet18", "resnet50", "vgg16", "densenet121", "inception_v3");
  private static final List<String> SEARCHES = List.of("none", "tv_l6", "lpips");

  /** Distances, with the images in a step. */
  private static final Map<String, Integer> DISTANCES =
      Map.of("distance_32", 32, "distance_224", 8);

  /** How many images of 32 x 32, and of 224 x 224, the script writes. */
  private static final int SMALL_IMAGES = 128;

  private static final int LARGE_IMAGES = 32;

  /** What oneDNN's engine calls itself where it computes in bfloat16. */
  private static final String BFLOAT16 = "onednn-bf16";

  private static final List<String> VARIANTS = List.of("reference", "tuned");
  private static final Pattern PEAK_OF_PROCESS = Pattern.compile("VmHWM:\\s*(\\d+) kB");
  private static final ObjectMapper JSON = new ObjectMapper();

  @Option(
      names = "--peer",
      paramLabel = "DIR",
      description =
          "A folder with a script inversion_peer.py to run in place of Metamer's own for searches on"
              + " resnet18. It takes 'make DIR' and 'run DIR JOB --variant V --batch N --steps N"
              + " --threads N', and prints ms_per_step_median as JSON.")
  private @Nullable Path peer;

  @Option(
      names = "--python",
      split = ",",
      paramLabel = "FILE",
      description =
          "A Python with PyTorch; several, to compare with each. Default: python3, if it has"
              + " PyTorch.")
  private List<String> pythons = List.of();

  @Option(
      names = "--network",
      split = ",",
      paramLabel = "NAME",
      description =
          "resnet18 (32 x 32), resnet50, vgg16, densenet121 or inception_v3 (224 x 224), all with"
              + " random weights; or a file of your own, for Metamer's engines alone. Default:"
              + " resnet18; without PyTorch, a small network that comes with Metamer.")
  private List<String> networks = List.of();

  @Option(
      names = "--job",
      split = ",",
      paramLabel = "NAME",
      description =
          "Searches: none (no penalty), tv_l6 (total variation and a 6-norm), lpips (adversarial);"
              + " value and gradient of LPIPS: distance_32 (32 images of 32 x 32), distance_224 (8"
              + " of 224 x 224). Default: all for resnet18, none for others.")
  private List<String> jobs = List.of();

  @Option(
      names = "--batch",
      split = ",",
      paramLabel = "N",
      description = "Images in a step of a search. Default: ${DEFAULT-VALUE}.")
  private List<Integer> batches = List.of(32);

  @Option(
      names = "--bf16",
      description =
          "Also oneDNN's engine in bfloat16, which keeps 8 significant bits: for processors that"
              + " have it.")
  private boolean bfloat16;

  @Option(names = "--steps", description = "Steps in a run. Default: ${DEFAULT-VALUE}.")
  private int steps = 10;

  @Option(names = "--rounds", description = "Runs of each. Default: ${DEFAULT-VALUE}.")
  private int rounds = 3;

  @Option(
      names = "--threads",
      description = "Threads of each. Default: OMP_NUM_THREADS, else one for each processor.")
  private int threads = Nd4j.getEnvironment().maxMasterThreads();

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  /** What is run; the network is a name, a file, or - for a distance alone. */
  private record Workload(String network, String job, int batch) {

    boolean isDistance() {
      return network.equals("-");
    }

    String label() {
      return isDistance()
          ? "alexnet"
          : String.valueOf(Path.of(network).getFileName()).replaceFirst("[.]onnx$", "");
    }
  }

  /** What runs it: one of Metamer's engines, or a variant in a Python. */
  private record Side(String name, String program, String variant) {

    boolean isPeer() {
      return !variant.isEmpty();
    }
  }

  /** What runs the matrix product: in a process of its own, too, for the number of threads. */
  private static final Side PRODUCT = new Side("matrix product", "nd4j", "");

  /** Of one run; the memory is the largest that the process had, in MB, where the system tells. */
  private record Run(double milliseconds, long operations, Optional<Double> megabytes) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    Path folder = Files.createTempDirectory("metamer-benchmark");
    try {
      List<Side> sides = sides(folder);
      List<Workload> workloads = workloads(folder, sides.stream().anyMatch(Side::isPeer));
      prepare(folder, sides, workloads);
      List<String> table = new ArrayList<>();
      for (Workload workload : workloads) {
        table.addAll(compare(folder, sides, workload));
      }
      say("");
      say(
          "%-26s %-12s %5s  %-24s %9s %9s %6s %8s %6s",
          "network", "job", "batch", "", "ms/step", "images/s", "peak", "memory", "ratio");
      table.forEach(this::say);
      say("");
      say(
          "%d threads; medians of %d rounds of %d steps. peak: share of a matrix product's rate; memory: largest of the process, MB; ratio: to the better of PyTorch's, in the same round.",
          threads, rounds, steps);
    } finally {
      OutputFolder.delete(folder);
    }
    return 0;
  }

  private void check() {
    if (batches.stream().anyMatch(n -> n < 1) || steps < 1 || rounds < 1 || threads < 1) {
      throw new BadInput(
          "expected --batch, --steps, --rounds and --threads of at least 1, got %s, %d, %d and %d"
              .formatted(batches, steps, rounds, threads));
    }
    for (String job : jobs) {
      if (!SEARCHES.contains(job) && !DISTANCES.containsKey(job)) {
        throw new BadInput(
            "--job %s: expected one of %s, distance_32 and distance_224"
                .formatted(job, String.join(", ", SEARCHES)));
      }
    }
    for (String network : networks) {
      if (!NETWORKS.contains(network) && !Files.isRegularFile(Path.of(network))) {
        throw new BadInput(
            "--network %s: expected a file or one of %s"
                .formatted(network, String.join(", ", NETWORKS)));
      }
      for (int batch : batches) {
        int most = network.equals("resnet18") ? SMALL_IMAGES : LARGE_IMAGES;
        if (NETWORKS.contains(network) && batch > most) {
          throw new BadInput(
              "--batch %d: expected at most %d for %s".formatted(batch, most, network));
        }
      }
    }
    if (peer != null && !Files.isRegularFile(peer.resolve("inversion_peer.py"))) {
      throw new BadInput(
          "expected --peer to be a folder with inversion_peer.py, there is no file "
              + peer.resolve("inversion_peer.py"));
    }
  }

  private List<Side> sides(Path folder) throws IOException, InterruptedException {
    List<Side> sides = new ArrayList<>();
    for (String python : pythons.isEmpty() ? List.of("python3") : pythons) {
      String version;
      try {
        version =
            run(
                    folder,
                    List.of(python, "-c", "import torch, torchvision; print(torch.__version__)"))
                .strip();
      } catch (IOException | BadInput e) {
        if (pythons.isEmpty() && peer == null) {
          progress("python3 has no PyTorch with torchvision: only Metamer is timed");
          continue;
        }
        throw new BadInput(
            "expected %s to be a Python with torch and torchvision: %s"
                .formatted(python, e.getMessage()),
            e);
      }
      for (String variant : VARIANTS) {
        sides.add(new Side("torch %s %s".formatted(version, variant), python, variant));
      }
    }
    for (Engine engine : Engine.available()) {
      sides.add(new Side(engine.name(), engine.name(), ""));
    }
    if (bfloat16 && sides.stream().noneMatch(side -> side.name.equals(BFLOAT16))) {
      sides.add(new Side(BFLOAT16, BFLOAT16, ""));
    }
    return sides;
  }

  private List<Workload> workloads(Path folder, boolean withPeer) throws IOException {
    List<String> names = networks;
    if (names.isEmpty()) {
      names = List.of(withPeer ? "resnet18" : bundled(folder).toString());
    }
    List<Workload> workloads = new ArrayList<>();
    for (String network : names) {
      boolean all = network.equals("resnet18") && jobs.isEmpty();
      for (String job : all ? SEARCHES : jobs.isEmpty() ? List.of("none") : jobs) {
        for (int batch : SEARCHES.contains(job) ? batches : List.<Integer>of()) {
          workloads.add(new Workload(network, job, batch));
        }
      }
    }
    boolean all = names.contains("resnet18") && jobs.isEmpty();
    for (String job : List.of("distance_32", "distance_224")) {
      if (all || jobs.contains(job)) {
        workloads.add(new Workload("-", job, Objects.requireNonNull(DISTANCES.get(job))));
      }
    }
    boolean needsAlexNet =
        workloads.stream().anyMatch(w -> w.job.equals("lpips") || w.isDistance());
    if (needsAlexNet && !withPeer) {
      throw new BadInput(
          "--job lpips and distances need a Python with torch and torchvision, which make AlexNet");
    }
    return workloads;
  }

  /** A network and a script are in Metamer's jar; other programs need files. */
  private static Path bundled(Path folder) throws IOException {
    return resource(folder, "networks/fashion_resnet_standard.onnx", "fashion_resnet.onnx");
  }

  private static Path resource(Path folder, String name, String file) throws IOException {
    Path copy = folder.resolve(file);
    try (InputStream in = Objects.requireNonNull(Benchmark.class.getResourceAsStream(name))) {
      Files.copy(in, copy);
    }
    return copy;
  }

  private void prepare(Path folder, List<Side> sides, List<Workload> workloads)
      throws IOException, InterruptedException {
    Optional<String> python = sides.stream().filter(Side::isPeer).map(Side::program).findFirst();
    if (python.isEmpty()) {
      return;
    }
    progress("writing networks and images");
    Path script = resource(folder, "pytorch_peer.py", "pytorch_peer.py");
    List<String> make =
        new ArrayList<>(List.of(python.get(), script.toString(), "make", folder.toString()));
    workloads.stream()
        .map(Workload::network)
        .filter(NETWORKS::contains)
        .distinct()
        .filter(network -> peer == null || !network.equals("resnet18"))
        .forEach(make::add);
    if (peer != null) {
      String theirs = peer.resolve("inversion_peer.py").toString();
      run(folder, List.of(python.get(), theirs, "make", folder.toString()));
      Files.move(folder.resolve("resnet18_cifar.onnx"), folder.resolve("resnet18.onnx"));
    }
    run(folder, make);
    if (peer != null) {
      for (String kind : List.of("targets", "seeds")) {
        Files.copy(
            folder.resolve(kind + ".npy"),
            folder.resolve(kind + "_32.npy"),
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  /** Alternates the sides; returns the rows of the table. */
  private List<String> compare(Path folder, List<Side> sides, Workload workload)
      throws IOException, InterruptedException {
    boolean own = !workload.isDistance() && !NETWORKS.contains(workload.network);
    Map<Side, List<Run>> runs = new LinkedHashMap<>();
    List<Double> peaks = new ArrayList<>();
    for (int round = 1; round <= rounds; round++) {
      Run product = engine(folder, PRODUCT, new Workload("-", BenchmarkRun.PRODUCT, 1));
      peaks.add(product.operations / (product.milliseconds * 1e6));
      for (Side side : sides) {
        if (!(own && side.isPeer())) {
          Run run = side.isPeer() ? peer(folder, side, workload) : engine(folder, side, workload);
          runs.computeIfAbsent(side, s -> new ArrayList<>()).add(run);
          progress(
              "%s %s, batch %d, round %d of %d: %s %.1f ms",
              workload.label(),
              workload.job,
              workload.batch,
              round,
              rounds,
              side.name,
              run.milliseconds);
        }
      }
    }
    Optional<Side> better =
        runs.keySet().stream()
            .filter(Side::isPeer)
            .min(Comparator.comparingDouble(side -> milliseconds(runs.get(side))));
    return report(workload, runs, better, median(peaks));
  }

  private List<String> report(
      Workload workload, Map<Side, List<Run>> runs, Optional<Side> better, double peak) {
    String network = workload.label();
    ObjectNode json = JSON.createObjectNode();
    json.put("network", network).put("job", workload.job).put("batch", workload.batch);
    json.put("threads", threads).put("rounds", rounds).put("steps", steps);
    json.put("matrix_product_gflops", round(peak, 1));
    better.ifPresent(side -> json.put("better_peer", side.name));
    List<String> rows = new ArrayList<>();
    ObjectNode each = json.putObject("sides");
    for (Map.Entry<Side, List<Run>> entry : runs.entrySet()) {
      Side side = entry.getKey();
      double milliseconds = milliseconds(entry.getValue());
      double rate = workload.batch / milliseconds * 1e3;
      ObjectNode its = each.putObject(side.name);
      its.put("ms_per_step", round(milliseconds, 3)).put("image_steps_per_s", round(rate, 1));
      // The peer does the same work, so what is counted of ours is its work, too.
      long operations =
          runs.values().stream().mapToLong(all -> all.get(0).operations).max().orElse(0);
      double share = operations / (milliseconds * 1e6) / peak;
      if (operations > 0) {
        its.put("share_of_peak", round(share, 3));
      }
      Optional<Double> megabytes =
          entry.getValue().stream().flatMap(run -> run.megabytes.stream()).max(Double::compare);
      megabytes.ifPresent(m -> its.put("resident_mb", round(m, 0)));
      if (!side.isPeer()) {
        ObjectNode ratios = its.putObject("ratio_to");
        runs.keySet().stream()
            .filter(Side::isPeer)
            .forEach(p -> ratios.put(p.name, round(ratio(entry.getValue(), runs.get(p)), 3)));
      }
      rows.add(
          String.format(
              Locale.ROOT,
              "%-26s %-12s %5d  %-24s %9.1f %9.1f %6s %8s %6s",
              network,
              workload.job,
              workload.batch,
              side.name,
              milliseconds,
              rate,
              operations > 0 ? String.format(Locale.ROOT, "%.0f %%", 100 * share) : "-",
              megabytes.map(m -> String.format(Locale.ROOT, "%.0f", m)).orElse("-"),
              better
                  .filter(b -> !side.isPeer())
                  .map(
                      b -> String.format(Locale.ROOT, "%.3f", ratio(entry.getValue(), runs.get(b))))
                  .orElse("")));
    }
    say(json.toString());
    return rows;
  }

  private static double milliseconds(@Nullable List<Run> runs) {
    return median(Objects.requireNonNull(runs).stream().map(Run::milliseconds).toList());
  }

  /** The median over rounds of what one took to what another took. */
  private static double ratio(List<Run> ours, @Nullable List<Run> theirs) {
    List<Double> ratios = new ArrayList<>();
    for (int k = 0; k < ours.size(); k++) {
      ratios.add(ours.get(k).milliseconds / Objects.requireNonNull(theirs).get(k).milliseconds);
    }
    return median(ratios);
  }

  private Run engine(Path folder, Side side, Workload workload)
      throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String file =
        NETWORKS.contains(workload.network)
            ? folder.resolve(workload.network + ".onnx").toString()
            : workload.network;
    return measure(
        folder,
        List.of(
            java,
            "-Xmx1g",
            "-Xmn48m",
            "-XX:+UseParallelGC",
            // What the process needs is what is measured.
            "-Dorg.bytedeco.javacpp.maxbytes=0",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "-D%s=%s".formatted(Engine.PROPERTY, side.program),
            "-Dmetamer.onednn.bf16=" + side.program.equals(BFLOAT16),
            BenchmarkRun.class.getName(),
            folder.toString(),
            file,
            workload.job,
            "" + workload.batch,
            "" + steps));
  }

  private Run peer(Path folder, Side side, Workload workload)
      throws IOException, InterruptedException {
    boolean theirs = peer != null && workload.network.equals("resnet18");
    Path script =
        theirs
            ? Objects.requireNonNull(peer).resolve("inversion_peer.py")
            : folder.resolve("pytorch_peer.py");
    List<String> command =
        new ArrayList<>(
            List.of(side.program, script.toString(), "run", folder.toString(), workload.job));
    if (!theirs && !workload.isDistance()) {
      Collections.addAll(command, "--network", workload.network);
    }
    Collections.addAll(command, "--variant", side.variant, "--batch", "" + workload.batch);
    Collections.addAll(command, "--steps", "" + (steps + BenchmarkRun.SKIPPED));
    Collections.addAll(command, "--threads", "" + threads);
    return measure(folder, command);
  }

  private Run measure(Path folder, List<String> command) throws IOException, InterruptedException {
    Process process = start(folder, command);
    Optional<Double> megabytes = Optional.empty();
    do {
      Optional<Double> now = largest(process.pid());
      megabytes = now.isPresent() ? now : megabytes;
    } while (!process.waitFor(50, TimeUnit.MILLISECONDS));
    String printed = printed(folder, process, command);
    try {
      JsonNode line = JSON.readTree(printed);
      JsonNode milliseconds = line.path("ms_per_step_median");
      if (milliseconds.isNumber()) {
        return new Run(
            milliseconds.doubleValue(), line.path("operations_per_step").asLong(), megabytes);
      }
    } catch (JsonProcessingException e) {
      // Told below, with what was printed.
    }
    throw new BadInput(
        "expected %s to print ms_per_step_median as JSON, got: %s"
            .formatted(String.join(" ", command), printed.strip()));
  }

  /** The most memory that a process ever had, where the system tells: Linux does. */
  private static Optional<Double> largest(long pid) {
    try {
      Matcher found =
          PEAK_OF_PROCESS.matcher(Files.readString(Path.of("/proc", "" + pid, "status")));
      return found.find() ? Optional.of(Long.parseLong(found.group(1)) / 1024.0) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private String run(Path folder, List<String> command) throws IOException, InterruptedException {
    Process process = start(folder, command);
    process.waitFor();
    return printed(folder, process, command);
  }

  private Process start(Path folder, List<String> command) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(folder.resolve("printed.log").toFile())
            .redirectError(folder.resolve("errors.log").toFile());
    builder.environment().put("OMP_NUM_THREADS", "" + threads);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    return builder.start();
  }

  private static String printed(Path folder, Process process, List<String> command)
      throws IOException {
    if (process.exitValue() != 0) {
      String last =
          Files.readAllLines(folder.resolve("errors.log")).stream()
              // Not where in a program it happened, which Java says last.
              .filter(line -> !line.isBlank() && !line.startsWith("\t"))
              .reduce("nothing", (before, line) -> line);
      throw new BadInput("%s failed, and said last: %s".formatted(String.join(" ", command), last));
    }
    return Files.readString(folder.resolve("printed.log"), StandardCharsets.UTF_8);
  }

  private void say(String format, Object... arguments) {
    String line = arguments.length == 0 ? format : String.format(Locale.ROOT, format, arguments);
    spec.commandLine().getOut().println(line);
    spec.commandLine().getOut().flush();
  }

  private void progress(String format, Object... arguments) {
    spec.commandLine().getErr().println(String.format(Locale.ROOT, format, arguments));
    spec.commandLine().getErr().flush();
  }

  static double median(List<Double> numbers) {
    List<Double> sorted = numbers.stream().sorted().toList();
    int n = sorted.size();
    return (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
  }

  private static double round(double x, int digits) {
    double scale = Math.pow(10, digits);
    return Math.round(x * scale) / scale;
  }
}
