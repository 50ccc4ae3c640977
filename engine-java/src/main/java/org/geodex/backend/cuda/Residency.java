package org.geodex.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.geodex.backend.Parallel;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaEvent;
import org.geodex.cuda.CudaStream;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.cuda.PinnedBuffer;
import org.geodex.error.DeviceOutOfMemoryException;

/**
 * What lies on the device beyond one operation: activations and weights. Buffers that were given
 * back are handed out again, which is safe without waiting because one stream has all work. When
 * the limit is reached the residents that were used longest ago make room: weights are dropped,
 * matrices move to the host; both come back at their next use. So a model or a set of activations
 * that is larger than the device streams through it.
 *
 * <p>On the context's thread only.
 */
final class Residency {
  /** Bytes of one of the two pinned buffers that large copies go through. */
  private static final int STAGE = 16 << 20;

  /** Bytes that one core of the host copies at a time. */
  static final int PART = 1 << 20;

  private final CudaContext context;
  private final Parallel cores;
  private final long limit;
  private final Map<Long, Deque<DeviceBuffer>> free = new HashMap<>();
  private final LinkedHashMap<Resident, Long> residents = new LinkedHashMap<>(16, 0.75f, true);
  private final Stage[] stages = new Stage[2];
  private final NavigableMap<Long, Deque<Arrival>> arrivals = new TreeMap<>();
  private CudaStream copies;
  private CudaEvent ready;
  private long used;
  private long pooled;
  private long job;
  private Uses observed;
  private boolean pinned;

  /** Something on the device that can make room. */
  interface Resident {
    /** Gives its buffer back; what only the device has is saved first. */
    void leave();

    /** Whether it is a copy, which the end of the device takes nothing from. */
    boolean canReturn();

    /**
     * Has its values on the device again for work that was recorded.
     *
     * @param writing the work overwrites some of it
     * @return its buffer now; null when it was closed
     */
    DeviceBuffer recall(boolean writing);
  }

  /** What a piece of work used: residents with their buffers, and buffers of its own. */
  final class Uses {
    private record Use(DeviceBuffer buffer, boolean writing) {}

    private final Map<Resident, Use> residents = new LinkedHashMap<>();
    private final List<DeviceBuffer> taken = new ArrayList<>();
    private final List<DeviceBuffer> held = new ArrayList<>();

    private void add(Resident resident, DeviceBuffer buffer, boolean writing) {
      residents.merge(
          resident,
          new Use(buffer, writing),
          (old, now) -> new Use(now.buffer(), old.writing() || now.writing()));
    }

    /** Has all residents on the device; returns whether each is where it was. */
    boolean recall() {
      beginJob();
      boolean same = true;
      for (Map.Entry<Resident, Use> entry : residents.entrySet()) {
        Use use = entry.getValue();
        same &= entry.getKey().recall(use.writing()) == use.buffer();
      }
      return same;
    }

    /** Keeps the work's own buffers from everybody else until {@link #release}. */
    private void hold() {
      for (DeviceBuffer buffer : taken) {
        Deque<DeviceBuffer> fitting = free.get(buffer.bytes());
        if (fitting != null && fitting.remove(buffer)) {
          pooled -= buffer.bytes();
          used += buffer.bytes();
          held.add(buffer);
        }
      }
    }

    void release() {
      held.forEach(Residency.this::give);
      held.clear();
    }
  }

  /**
   * Runs work and notes what it uses.
   *
   * @param hold the work is recorded and will run again: its own buffers stay its own, and nothing
   *     makes room meanwhile
   */
  Uses observe(Runnable work, boolean hold) {
    Uses uses = new Uses();
    observed = uses;
    pinned = hold;
    try {
      work.run();
    } finally {
      observed = null;
      pinned = false;
    }
    if (hold) {
      uses.hold();
    }
    return uses;
  }

  /**
   * @param cores of the host, for copies to and from pinned memory
   * @param limit bytes that buffers may take together
   */
  Residency(CudaContext context, Parallel cores, long limit) {
    this.context = context;
    this.cores = cores;
    this.limit = limit;
  }

  /** A new operation: what the earlier ones used may leave again. */
  void beginJob() {
    job++;
  }

  /**
   * Notes that the current operation uses this.
   *
   * @param buffer where it lies
   */
  void touch(Resident resident, DeviceBuffer buffer, boolean writing) {
    residents.put(resident, job);
    if (observed != null) {
      observed.add(resident, buffer, writing);
    }
  }

  void forget(Resident resident) {
    residents.remove(resident);
  }

  /** A buffer of exactly so many bytes. */
  DeviceBuffer take(long bytes) {
    DeviceBuffer buffer = pooledOrNew(bytes);
    used += bytes;
    if (observed != null) {
      observed.taken.add(buffer);
    }
    return buffer;
  }

  private DeviceBuffer pooledOrNew(long bytes) {
    Deque<DeviceBuffer> fitting = free.get(bytes);
    if (fitting != null && !fitting.isEmpty()) {
      pooled -= bytes;
      return fitting.pop();
    }
    while (used + pooled + bytes > limit && makeRoom()) {}
    while (true) {
      try {
        return context.allocate(bytes);
      } catch (DeviceOutOfMemoryException e) {
        if (!makeRoom()) {
          throw e;
        }
      }
    }
  }

  /** Takes a buffer back; what is enqueued may still use it. */
  void give(DeviceBuffer buffer) {
    used -= buffer.bytes();
    pooled += buffer.bytes();
    free.computeIfAbsent(buffer.bytes(), size -> new ArrayDeque<>()).push(buffer);
  }

  /** Frees buffers that nobody uses, else lets one resident leave; false when there is none. */
  private boolean makeRoom() {
    if (pinned) {
      return false;
    }
    if (pooled > 0) {
      free.values().forEach(list -> list.forEach(DeviceBuffer::close));
      free.clear();
      pooled = 0;
      return true;
    }
    Iterator<Map.Entry<Resident, Long>> oldest = residents.entrySet().iterator();
    if (!oldest.hasNext()) {
      return false;
    }
    Map.Entry<Resident, Long> entry = oldest.next();
    if (entry.getValue() == job) {
      return false;
    }
    Resident resident = entry.getKey();
    oldest.remove();
    resident.leave();
    return true;
  }

  /** Bytes that buffers may still take. */
  long available() {
    return Math.min(limit - used, context.freeMemory() / 10 * 9 + pooled);
  }

  // ---- copies; large ones through pinned memory, in two halves that overlap

  /** Enqueues a copy; the host's memory may be changed at once afterwards. */
  void copyToDevice(MemorySegment host, DeviceBuffer target) {
    int turn = 0;
    for (long at = 0; at < host.byteSize(); at += STAGE) {
      Stage stage = stage(turn++ % 2);
      long bytes = Math.min(STAGE, host.byteSize() - at);
      stage.done.synchronize();
      MemorySegment pinned = stage.memory.segment().asSlice(0, bytes);
      copy(host.asSlice(at, bytes), pinned);
      context.copyToDevice(pinned, target, at);
      stage.done.record(context.stream());
    }
  }

  /** Copies and waits. */
  void copyToHost(DeviceBuffer source, MemorySegment host) {
    long parts = Math.ceilDiv(host.byteSize(), STAGE);
    for (long part = 0; part <= parts; part++) {
      if (part < parts) {
        Stage stage = stage((int) (part % 2));
        stage.done.synchronize();
        long at = part * STAGE;
        long bytes = Math.min(STAGE, host.byteSize() - at);
        context.copyToHost(source, at, stage.memory.segment().asSlice(0, bytes));
        stage.done.record(context.stream());
      }
      if (part > 0) {
        Stage stage = stage((int) ((part - 1) % 2));
        stage.done.synchronize();
        long at = (part - 1) * STAGE;
        long bytes = Math.min(STAGE, host.byteSize() - at);
        copy(stage.memory.segment().asSlice(0, bytes), host.asSlice(at, bytes));
      }
    }
  }

  /** Copies on the host, with all cores. */
  void copy(MemorySegment from, MemorySegment to) {
    long bytes = from.byteSize();
    cores.forEach(
        Math.ceilDiv(bytes, PART),
        part -> {
          long at = part * PART;
          MemorySegment.copy(from, at, to, at, Math.min(PART, bytes - at));
        });
  }

  /** Pinned memory of the host, and a copy that is on its way to it. */
  final class Arrival {
    private final PinnedBuffer memory;
    private final CudaEvent done;
    private long bytes;

    private Arrival(PinnedBuffer memory, CudaEvent done) {
      this.memory = memory;
      this.done = done;
    }

    /**
     * Begins a copy from a buffer, beside what is enqueued from here on.
     *
     * @param after when the values are there
     */
    void begin(DeviceBuffer source, long from, long count, CudaEvent after) {
      bytes = count;
      copies.waitFor(after);
      context.copyToHost(source, from, memory.segment().asSlice(0, count), copies);
      done.record(copies);
    }

    /** Waits for the copy; the memory is valid until {@link #release}. */
    MemorySegment await() {
      done.synchronize();
      return memory.segment().asSlice(0, bytes);
    }

    /** Waits, and gives the memory back. */
    void release() {
      done.synchronize();
      arrivals.computeIfAbsent(memory.segment().byteSize(), size -> new ArrayDeque<>()).push(this);
    }

    private void close() {
      memory.close();
      done.close();
    }
  }

  /** Begins a copy to the host, after what is enqueued now and beside what follows. */
  Arrival fetch(DeviceBuffer source) {
    Arrival arrival = arrival(source.bytes());
    arrival.begin(source, 0, source.bytes(), now());
    return arrival;
  }

  /** The end of what is enqueued now, until the next call. */
  CudaEvent now() {
    ready.record(context.stream());
    return ready;
  }

  /** Memory of so many bytes or more that nobody uses; what is too small is freed. */
  Arrival arrival(long bytes) {
    if (copies == null) {
      copies = context.createStream();
      ready = context.createEvent();
    }
    Map.Entry<Long, Deque<Arrival>> fitting = arrivals.ceilingEntry(bytes);
    if (fitting == null) {
      freeArrivals();
      return new Arrival(context.allocatePinned(bytes), context.createEvent());
    }
    Arrival arrival = fitting.getValue().pop();
    if (fitting.getValue().isEmpty()) {
      arrivals.remove(fitting.getKey());
    }
    return arrival;
  }

  private void freeArrivals() {
    arrivals.values().stream().flatMap(Deque::stream).forEach(Arrival::close);
    arrivals.clear();
  }

  private Stage stage(int i) {
    if (stages[i] == null) {
      stages[i] = new Stage(context.allocatePinned(STAGE), context.createEvent());
      stages[i].done.record(context.stream());
    }
    return stages[i];
  }

  private record Stage(PinnedBuffer memory, CudaEvent done) {}

  /** Drops copies and frees what nobody uses; a matrix that is still open is a leak. */
  void close() {
    residents.keySet().stream().filter(Resident::canReturn).forEach(Resident::leave);
    residents.clear();
    if (pooled > 0) {
      makeRoom();
    }
    for (Stage stage : stages) {
      if (stage != null) {
        stage.memory.close();
        stage.done.close();
      }
    }
    freeArrivals();
    if (copies != null) {
      ready.close();
      copies.close();
    }
  }
}
