package io.metamer.network;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Compiles graphs for a batch size. Engines are found by {@link java.util.ServiceLoader}.
 *
 * @since 0.1
 */
public interface Engine {

  /** The system property that names the engine to take: {@value}. */
  String CHOICE = "metamer.engine";

  /**
   * The engines on the class path that can run here.
   *
   * @return new instances, the one with the highest priority first
   */
  static List<Engine> available() {
    return ServiceLoader.load(Engine.class, Engine.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .filter(Engine::usable)
        .sorted(Comparator.comparingInt(Engine::priority).thenComparing(Engine::name).reversed())
        .toList();
  }

  /**
   * The engine that the system property {@value #CHOICE} names, or the one with the highest
   * priority of those {@link #available}.
   *
   * @return a new instance
   * @throws IllegalStateException if there is none of that name, or none at all
   */
  static Engine preferred() {
    List<Engine> available = available();
    String name = System.getProperty(CHOICE);
    return available.stream()
        .filter(engine -> name == null || engine.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "expected an engine%s among those that can run here, got %s"
                        .formatted(
                            name == null ? "" : " named '%s'".formatted(name),
                            available.stream().map(Engine::name).toList())));
  }

  /**
   * The name, as results record it.
   *
   * @return a short lower-case name ("nd4j")
   */
  String name();

  /**
   * Which engine is taken when several are on the class path: the one with the highest number.
   *
   * @return the priority; the ND4J engine has 0
   */
  int priority();

  /**
   * Whether the engine can run here. One whose native library is missing or is for another machine
   * cannot, and is passed over.
   *
   * @return true unless the engine says otherwise
   */
  default boolean usable() {
    return true;
  }

  /**
   * Prepares a graph to run on batches of a fixed size, all memory allocated.
   *
   * @param graph the network up to its outputs
   * @param batch number of images, at least 1
   * @param type FLOAT or DOUBLE
   * @return the caller's, to be closed
   * @throws IllegalArgumentException if the batch is below 1 or the type is another
   */
  CompiledNetwork compile(Graph graph, int batch, DataType type);
}
