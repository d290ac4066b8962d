package io.metamer.network;

import org.bytedeco.javacpp.Pointer;

/**
 * How much memory networks may take here.
 *
 * @since 0.1
 */
public final class MachineMemory {

  private MachineMemory() {}

  /**
   * A budget for networks: half of what JavaCPP lets this process have (system properties {@code
   * org.bytedeco.javacpp.maxphysicalbytes}, else {@code maxbytes} and the heap), or of the
   * machine's memory where that is less or there is no limit. The other half is for images,
   * penalties and the virtual machine.
   *
   * @return bytes; the same at any time of a process
   */
  public static long budget() {
    long allowed = Pointer.maxPhysicalBytes();
    long machine = Pointer.totalPhysicalBytes();
    return (allowed > 0 ? Math.min(allowed, machine) : machine) / 2;
  }
}
