// The part of the CUDA driver API that Geodex uses, over the emulated device. One device, one
// context. Work on streams is queued and runs when something waits for it ("late"), so that a
// missing synchronization shows; GEODEX_EMULATOR_STREAMS=eager runs it at once.
//
// Environment, read once: GEODEX_EMULATOR_STREAMS=late|eager, GEODEX_EMULATOR_SEED=n (order of
// blocks, threads and streams), GEODEX_EMULATOR_MEMORY=bytes (of the device),
// GEODEX_EMULATOR_DEVICES=0 (none), GEODEX_EMULATOR_VERSION=12040 (an older driver),
// GEODEX_EMULATOR_CAPABILITY=75 (an older card).
//
// A module image is an ELF library that build.sh made from the .cu files; it is loaded as it is.

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "runtime.h"

namespace gx::emu {

struct Module {
  void* library = nullptr;
  ModuleMemory memory;
  std::map<std::string, Kernel> kernels;
};

const ModuleMemory& memoryOf(const Module& module) { return module.memory; }

namespace {

using CUresult = int;
using CUdeviceptr = unsigned long long;

struct Event;

struct Work {
  std::function<Report()> run;
  Event* after = nullptr;      // waits until this event's recorded work has run
  uint64_t afterVersion = 0;
};

// What was enqueued on a stream while it captured, to be run as often as wanted.
struct Graph {
  std::vector<std::function<Report()>> nodes;
};

struct Stream {
  bool blocking = true;  // takes part in the default stream's implicit order
  std::deque<Work> queue;
  bool running = false;
  std::unique_ptr<Graph> capture;
  bool invalid = false;  // the capture met a call that cannot be captured
};

struct Event {
  uint64_t recorded = 0;  // number of the last record call
  uint64_t done = 0;      // and of the last one that has run
  Stream* stream = nullptr;
  double seconds = 0;
};

struct Context {
  int references = 0;
  Report sticky;
  Stream defaultStream;
  std::set<Stream*> streams;
  std::set<Event*> events;
  std::set<Module*> modules;
  std::set<Graph*> graphs;
  std::map<Graph*, std::shared_ptr<Graph>> instances;
  std::map<uintptr_t, void*> pinned;
};

std::recursive_mutex lock;
bool initialized;
Context* primary;
thread_local std::vector<Context*> current;
uint64_t seed;
uint64_t launches;
bool late = true;
std::string lastReport;

void readEnvironment() {
  const char* text = getenv("GEODEX_EMULATOR_SEED");
  seed = text ? strtoull(text, nullptr, 10) : 1;
  text = getenv("GEODEX_EMULATOR_STREAMS");
  late = !(text && !strcmp(text, "eager"));
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Context* context() { return current.empty() ? nullptr : current.back(); }

CUresult fail(Error code, const std::string& text) {
  lastReport = text;
  return code;
}

// An error of a launch or copy that ran late stays: the context is lost, as on a card.
void stick(const Report& report) {
  if (report.code && primary && !primary->sticky.code) {
    primary->sticky = report;
    lastReport = report.text;
  }
}

// ------------------------------------------------------------------------------------ streams

Stream* streamOf(void* handle) {
  // 0, CU_STREAM_LEGACY and CU_STREAM_PER_THREAD
  auto value = reinterpret_cast<uintptr_t>(handle);
  return value <= 2 ? &primary->defaultStream : static_cast<Stream*>(handle);
}

bool known(void* handle) {
  return reinterpret_cast<uintptr_t>(handle) <= 2 ||
         primary->streams.count(static_cast<Stream*>(handle));
}

void drain(Stream* stream);

void drainEvent(Event* event, uint64_t version) {
  while (event->done < version && event->stream && !event->stream->queue.empty() &&
         !event->stream->running) {
    drain(event->stream);
  }
}

void runFirst(Stream* stream) {
  Work work = std::move(stream->queue.front());
  stream->queue.pop_front();
  stream->running = true;
  if (work.after) drainEvent(work.after, work.afterVersion);
  if (!primary->sticky.code && work.run) stick(work.run());
  stream->running = false;
}

void drain(Stream* stream) {
  while (!stream->queue.empty()) runFirst(stream);
}

// The order among streams is drawn, the order within each is kept.
void drainAll() {
  for (;;) {
    std::vector<Stream*> busy;
    if (!primary->defaultStream.queue.empty()) busy.push_back(&primary->defaultStream);
    for (Stream* s : primary->streams) {
      if (!s->queue.empty()) busy.push_back(s);
    }
    if (busy.empty()) return;
    uint64_t draw = (seed + ++launches) * 0x9e3779b97f4a7c15ull >> 33;
    runFirst(busy[draw % busy.size()]);
  }
}

// Work on the legacy default stream comes after all work of blocking streams, and theirs after it.
void orderAgainstDefault(Stream* stream) {
  if (stream == &primary->defaultStream) {
    for (Stream* s : primary->streams) {
      if (s->blocking) drain(s);
    }
  } else if (stream->blocking) {
    drain(&primary->defaultStream);
  }
}

CUresult enqueue(void* handle, std::function<Report()> run) {
  if (!known(handle)) return fail(kInvalidHandle, "unknown stream");
  Stream* stream = streamOf(handle);
  if (stream->capture) {
    stream->capture->nodes.push_back(std::move(run));
    return kSuccess;
  }
  orderAgainstDefault(stream);
  stream->queue.push_back({std::move(run), nullptr, 0});
  if (!late) drain(stream);
  return primary->sticky.code;
}

// The emulator captures kernels, products, fills and copies on the device. A call that waits has no place in a
// graph, and neither has a copy of pageable memory; pinned copies and events are refused for simplicity.
CUresult refuseCapture(void* handle, const char* call) {
  if (!known(handle) || !streamOf(handle)->capture) return kSuccess;
  streamOf(handle)->invalid = true;
  return fail(kCaptureUnsupported, std::string(call) + " while the stream captures a graph");
}

#define GX_API extern "C" __attribute__((visibility("default"))) CUresult
#define GX_ENTER                                                             \
  std::lock_guard<std::recursive_mutex> guard(lock);                         \
  if (!initialized) return fail(kNotInitialized, "cuInit was not called");
#define GX_CONTEXT                                                           \
  GX_ENTER                                                                   \
  if (!context()) return fail(kInvalidContext, "no context is current on this thread"); \
  if (primary->sticky.code) return primary->sticky.code;

// ------------------------------------------------------------------------------------- copies

enum Side { kHost, kDevice };

Report copyNow(uintptr_t target, Side to, uintptr_t source, Side from, size_t bytes, const char* what) {
  bool deviceSource = from == kDevice && !hostMapped(source, bytes);
  bool deviceTarget = to == kDevice && !hostMapped(target, bytes);
  if (deviceSource) {
    // Between device buffers what is unwritten stays unwritten; to the host it would be garbage.
    Range block = allocationOf(source);
    if (!deviceTarget || !block.contains(source, bytes)) {
      Report r = checkRead(source, bytes, what);
      if (r.code) return r;
    }
  }
  if (deviceTarget) {
    Report r = checkWrite(target, bytes, what);
    if (r.code) return r;
  }
  if (deviceSource && deviceTarget) copyShadow(target, source, bytes);
  memmove(reinterpret_cast<void*>(target), reinterpret_cast<void*>(source), bytes);
  return {};
}

CUresult copySync(uintptr_t target, Side to, uintptr_t source, Side from, size_t bytes, const char* what) {
  Stream* stream = &primary->defaultStream;
  orderAgainstDefault(stream);
  drain(stream);
  if (primary->sticky.code) return primary->sticky.code;
  Report r = copyNow(target, to, source, from, bytes, what);
  if (!r.code) return kSuccess;
  if (r.code == kIllegalAddress) return fail(kInvalidValue, r.text);
  stick(r);
  return r.code;
}

CUresult copyAsync(uintptr_t target, Side to, uintptr_t source, Side from, size_t bytes, void* stream,
                   const char* what) {
  if (from == kHost || to == kHost) {
    CUresult r = refuseCapture(stream, what);
    if (r) return r;
  }
  if (from == kHost && !hostMapped(source, bytes)) {
    // Pageable memory is staged before the call returns.
    auto staged = std::make_shared<std::vector<char>>(bytes);
    memcpy(staged->data(), reinterpret_cast<void*>(source), bytes);
    return enqueue(stream, [=] {
      return copyNow(target, to, reinterpret_cast<uintptr_t>(staged->data()), kHost, bytes, what);
    });
  }
  if (to == kHost) {
    // Whoever reads this before the copy has run finds NaN, not an old result.
    if (late) memset(reinterpret_cast<void*>(target), 0xff, bytes);
    if (!hostMapped(target, bytes)) {
      // Into pageable memory the call returns when the copy is done.
      CUresult r = enqueue(stream, [=] { return copyNow(target, to, source, from, bytes, what); });
      if (r) return r;
      drain(streamOf(stream));
      return primary->sticky.code;
    }
  }
  return enqueue(stream, [=] { return copyNow(target, to, source, from, bytes, what); });
}

template <class T>
Report fillNow(uintptr_t target, T value, size_t count) {
  Report r = checkWrite(target, count * sizeof(T), "memset");
  if (!r.code) std::fill_n(reinterpret_cast<T*>(target), count, value);
  return r;
}

template <class T>
CUresult fill(uintptr_t target, T value, size_t count, void* stream, bool wait) {
  CUresult r = enqueue(stream, [=] { return fillNow(target, value, count); });
  if (!r && wait) drain(streamOf(stream));
  return r ? r : primary->sticky.code;
}

// ------------------------------------------------------------------------------------ modules

size_t elfSize(const char* image) {
  auto header = reinterpret_cast<const ElfW(Ehdr)*>(image);
  size_t size = header->e_shoff + size_t(header->e_shnum) * header->e_shentsize;
  auto program = reinterpret_cast<const ElfW(Phdr)*>(image + header->e_phoff);
  for (int i = 0; i < header->e_phnum; i++) {
    size = std::max<size_t>(size, program[i].p_offset + program[i].p_filesz);
  }
  return size;
}

int findMemory(dl_phdr_info* info, size_t, void* data) {
  auto module = static_cast<Module*>(data);
  link_map* map = nullptr;
  dlinfo(module->library, RTLD_DI_LINKMAP, &map);
  if (info->dlpi_addr != map->l_addr) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr)& p = info->dlpi_phdr[i];
    if (p.p_type != PT_LOAD) continue;
    uintptr_t begin = info->dlpi_addr + p.p_vaddr;
    Range range{begin & ~uintptr_t(3), begin + p.p_memsz};
    if (p.p_flags & PF_W) {
      module->memory.shared = range;
    } else {
      module->memory.constants.push_back(range);
    }
  }
  return 1;
}

CUresult load(const char* image, Module** out) {
  if (memcmp(image, ELFMAG, SELFMAG)) {
    return fail(kInvalidImage, "the emulator loads kernel libraries made by build.sh, not cubins or PTX");
  }
  int file = memfd_create("geodex-kernels", 0);
  size_t size = elfSize(image);
  if (file < 0 || write(file, image, size) != ssize_t(size)) {
    if (file >= 0) close(file);
    return fail(kOutOfMemory, "no memory for the module image");
  }
  takeRegistered();
  std::string path = "/proc/self/fd/" + std::to_string(file);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  close(file);
  if (!library) return fail(kInvalidImage, dlerror());
  auto module = new Module;
  module->library = library;
  dl_iterate_phdr(findMemory, module);
  for (Kernel& kernel : takeRegistered()) {
    kernel.module = module;
    std::string name = kernel.name;
    module->kernels[name] = std::move(kernel);
  }
  primary->modules.insert(module);
  *out = module;
  return kSuccess;
}

void unload(Module* module) {
  primary->modules.erase(module);
  dlclose(module->library);
  delete module;
}

void reset(Context* c) {
  // Queued work is dropped: its memory goes too.
  for (Stream* s : c->streams) delete s;
  for (Event* event : c->events) delete event;
  for (Graph* graph : c->graphs) delete graph;
  for (auto& [address, memory] : c->pinned) free(memory);
  std::set<Module*> modules = c->modules;
  for (Module* module : modules) unload(module);
  releaseAll();
  unmapAllHost();
  *c = Context{};
}

const std::map<int, std::pair<const char*, const char*>> kErrors = {
    {kSuccess, {"CUDA_SUCCESS", "no error"}},
    {kInvalidValue, {"CUDA_ERROR_INVALID_VALUE", "invalid argument"}},
    {kOutOfMemory, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
    {kNotInitialized, {"CUDA_ERROR_NOT_INITIALIZED", "initialization error"}},
    {kNoDevice, {"CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"}},
    {kInvalidDevice, {"CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"}},
    {kInvalidImage, {"CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"}},
    {kInvalidContext, {"CUDA_ERROR_INVALID_CONTEXT", "invalid device context"}},
    {kFileNotFound, {"CUDA_ERROR_FILE_NOT_FOUND", "file not found"}},
    {kInvalidHandle, {"CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"}},
    {kNotFound, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
    {kNotReady, {"CUDA_ERROR_NOT_READY", "device not ready"}},
    {kIllegalAddress, {"CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"}},
    {kOutOfResources, {"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"}},
    {kAlreadyRegistered,
     {"CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED", "part or all of the requested memory range is already mapped"}},
    {kNotRegistered,
     {"CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED", "pointer does not correspond to a registered memory region"}},
    {kAssert, {"CUDA_ERROR_ASSERT", "device-side assert triggered"}},
    {kMisalignedAddress, {"CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"}},
    {kLaunchFailed, {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"}},
    {kNotSupported, {"CUDA_ERROR_NOT_SUPPORTED", "operation not supported"}},
    {kIllegalState, {"CUDA_ERROR_ILLEGAL_STATE", "the operation cannot be performed in the present state"}},
    {kCaptureUnsupported,
     {"CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"}},
    {kCaptureInvalidated,
     {"CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"}},
};

}  // namespace
}  // namespace gx::emu

using namespace gx::emu;

// ------------------------------------------------------------------- beyond the driver API

// What went wrong last, in a sentence with kernel, block and thread. Empty when nothing did.
extern "C" __attribute__((visibility("default"))) const char* gxEmulatorReport() {
  return lastReport.c_str();
}

// Options for tests: "seed" = number, "late" = 0 | 1, "memory" = bytes of the device.
GX_API gxEmulatorOption(const char* name, unsigned long long value) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (!initialized) readEnvironment();
  if (!strcmp(name, "seed")) {
    seed = value;
  } else if (!strcmp(name, "late")) {
    late = value != 0;
  } else if (!strcmp(name, "memory")) {
    limitMemory(value);
  } else {
    return kInvalidValue;
  }
  return kSuccess;
}

// For the cuBLAS stand-in: queues `run(data)`, which returns an error, on a stream; once, or as often as
// a graph is launched. `release(data)` follows the last time.
GX_API gxEmulatorEnqueue(void* stream, int (*run)(void*), void* data, void (*release)(void*)) {
  std::shared_ptr<void> kept(data, release);
  GX_CONTEXT
  return enqueue(stream, [=]() -> Report {
    int code = run(kept.get());
    return {Error(code), code ? lastReport : ""};
  });
}

GX_API gxEmulatorCheck(CUdeviceptr address, size_t bytes, int writing, const char* what) {
  Report r = writing ? checkWrite(address, bytes, what) : checkRead(address, bytes, what);
  if (r.code) lastReport = r.text;
  return r.code;
}

// ----------------------------------------------------------------------------- initialization

GX_API cuInit(unsigned flags) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  if (flags) return kInvalidValue;
  const char* devices = getenv("GEODEX_EMULATOR_DEVICES");
  if (devices && !strcmp(devices, "0")) return kNoDevice;
  if (!initialized) {
    readEnvironment();
    primary = new Context;
    initialized = true;
  }
  return kSuccess;
}

GX_API cuDriverGetVersion(int* version) {
  if (!version) return kInvalidValue;
  const char* text = getenv("GEODEX_EMULATOR_VERSION");
  *version = text ? atoi(text) : 13000;
  return kSuccess;
}

GX_API cuGetErrorName(int error, const char** text) {
  auto found = kErrors.find(error);
  *text = found == kErrors.end() ? nullptr : found->second.first;
  return *text ? kSuccess : kInvalidValue;
}

GX_API cuGetErrorString(int error, const char** text) {
  auto found = kErrors.find(error);
  *text = found == kErrors.end() ? nullptr : found->second.second;
  return *text ? kSuccess : kInvalidValue;
}

// ------------------------------------------------------------------------------------- device

GX_API cuDeviceGetCount(int* count) {
  GX_ENTER
  *count = 1;
  return kSuccess;
}

GX_API cuDeviceGet(int* device, int ordinal) {
  GX_ENTER
  if (ordinal != 0) return fail(kInvalidDevice, "the emulator has one device");
  *device = 0;
  return kSuccess;
}

GX_API cuDeviceGetName(char* name, int length, int device) {
  GX_ENTER
  if (device != 0 || length < 1) return kInvalidValue;
  snprintf(name, size_t(length), "Geodex emulator (CPU)");
  return kSuccess;
}

GX_API cuDeviceTotalMem_v2(size_t* bytes, int device) {
  GX_ENTER
  if (device != 0) return kInvalidDevice;
  *bytes = totalMemory();
  return kSuccess;
}

GX_API cuDeviceGetAttribute(int* value, int attribute, int device) {
  GX_ENTER
  if (device != 0) return kInvalidDevice;
  const char* text = getenv("GEODEX_EMULATOR_CAPABILITY");
  const int capability = text ? atoi(text) : 90;
  switch (attribute) {
    case 1: *value = 1024; break;            // MAX_THREADS_PER_BLOCK
    case 2: case 3: *value = 1024; break;    // MAX_BLOCK_DIM_X, Y
    case 4: *value = 64; break;              // MAX_BLOCK_DIM_Z
    case 5: *value = 0x7fffffff; break;      // MAX_GRID_DIM_X
    case 6: case 7: *value = 65535; break;   // MAX_GRID_DIM_Y, Z
    case 8: *value = 48 << 10; break;        // MAX_SHARED_MEMORY_PER_BLOCK
    case 9: *value = 64 << 10; break;        // TOTAL_CONSTANT_MEMORY
    case 10: *value = 32; break;             // WARP_SIZE
    case 12: *value = 65536; break;          // MAX_REGISTERS_PER_BLOCK
    case 13: *value = 1000000; break;        // CLOCK_RATE, kHz
    case 16: *value = 4; break;              // MULTIPROCESSOR_COUNT
    case 19: *value = 1; break;              // CAN_MAP_HOST_MEMORY
    case 36: *value = 1000000; break;        // MEMORY_CLOCK_RATE, kHz
    case 37: *value = 64; break;             // GLOBAL_MEMORY_BUS_WIDTH
    case 38: *value = 1 << 20; break;        // L2_CACHE_SIZE
    case 39: *value = 1024; break;           // MAX_THREADS_PER_MULTIPROCESSOR
    case 41: *value = 1; break;              // UNIFIED_ADDRESSING
    case 75: *value = capability / 10; break;              // COMPUTE_CAPABILITY_MAJOR
    case 76: *value = capability % 10; break;              // COMPUTE_CAPABILITY_MINOR
    case 81: *value = 228 << 10; break;      // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
    case 97: *value = 227 << 10; break;      // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    case 99: *value = 1; break;              // HOST_REGISTER_SUPPORTED
    default: *value = 0; break;
  }
  return kSuccess;
}

GX_API cuDeviceGetUuid(char* uuid, int device) {
  GX_ENTER
  if (device != 0) return kInvalidDevice;
  memcpy(uuid, "geodex-emulator\0", 16);
  return kSuccess;
}

// ------------------------------------------------------------------------------------ context

GX_API cuDevicePrimaryCtxRetain(Context** out, int device) {
  GX_ENTER
  if (device != 0) return kInvalidDevice;
  primary->references++;
  *out = primary;
  return kSuccess;
}

GX_API cuDevicePrimaryCtxRelease_v2(int device) {
  GX_ENTER
  if (device != 0) return kInvalidDevice;
  if (primary->references == 0) return kInvalidContext;
  if (--primary->references == 0) reset(primary);
  return kSuccess;
}
GX_API cuDevicePrimaryCtxRelease(int device) { return cuDevicePrimaryCtxRelease_v2(device); }

GX_API cuDevicePrimaryCtxReset_v2(int device) {
  GX_ENTER
  if (device != 0) return kInvalidDevice;
  int references = primary->references;
  reset(primary);
  primary->references = references;
  return kSuccess;
}
GX_API cuDevicePrimaryCtxReset(int device) { return cuDevicePrimaryCtxReset_v2(device); }

GX_API cuCtxSetCurrent(Context* c) {
  GX_ENTER
  if (c && c != primary) return fail(kInvalidContext, "unknown context");
  if (!current.empty()) current.pop_back();
  if (c) current.push_back(c);
  return kSuccess;
}

GX_API cuCtxGetCurrent(Context** c) {
  GX_ENTER
  *c = context();
  return kSuccess;
}

GX_API cuCtxPushCurrent_v2(Context* c) {
  GX_ENTER
  if (c != primary) return fail(kInvalidContext, "unknown context");
  current.push_back(c);
  return kSuccess;
}

GX_API cuCtxPopCurrent_v2(Context** c) {
  GX_ENTER
  if (current.empty()) return fail(kInvalidContext, "no context is current on this thread");
  if (c) *c = current.back();
  current.pop_back();
  return kSuccess;
}

GX_API cuCtxGetDevice(int* device) {
  GX_CONTEXT
  *device = 0;
  return kSuccess;
}

GX_API cuCtxSynchronize() {
  GX_CONTEXT
  drainAll();
  return primary->sticky.code;
}

// ------------------------------------------------------------------------------------- memory

GX_API cuMemGetInfo_v2(size_t* available, size_t* total) {
  GX_CONTEXT
  *available = freeMemory();
  *total = totalMemory();
  return kSuccess;
}

GX_API cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
  GX_CONTEXT
  if (!address || bytes == 0) return fail(kInvalidValue, "cuMemAlloc of 0 bytes");
  *address = allocate(bytes);
  if (!*address) {
    return fail(kOutOfMemory, std::to_string(bytes) + " bytes wanted, " +
                                  std::to_string(freeMemory()) + " free");
  }
  return kSuccess;
}

GX_API cuMemFree_v2(CUdeviceptr address) {
  GX_ENTER
  if (!context()) return fail(kInvalidContext, "no context is current on this thread");
  if (!address) return kSuccess;
  drainAll();  // cuMemFree waits for the device
  if (!release(address)) return fail(kInvalidValue, "cuMemFree of what cuMemAlloc did not give");
  return primary->sticky.code;
}

GX_API cuMemAllocAsync(CUdeviceptr* address, size_t bytes, void* stream) {
  GX_CONTEXT
  if (!known(stream)) return kInvalidHandle;
  return cuMemAlloc_v2(address, bytes);
}

GX_API cuMemFreeAsync(CUdeviceptr address, void* stream) {
  GX_CONTEXT
  return enqueue(stream, [=]() -> Report {
    if (!release(address)) return {kInvalidValue, "cuMemFreeAsync of what was not allocated"};
    return {};
  });
}

GX_API cuMemHostAlloc(void** out, size_t bytes, unsigned) {
  GX_CONTEXT
  if (bytes == 0) return kInvalidValue;
  size_t rounded = (bytes + 4095) / 4096 * 4096;
  void* memory = aligned_alloc(4096, rounded);
  if (!memory) return fail(kOutOfMemory, "no pinned memory of " + std::to_string(bytes) + " bytes");
  memset(memory, 0xff, rounded);
  auto address = reinterpret_cast<uintptr_t>(memory);
  primary->pinned[address] = memory;
  mapHost(address, bytes);
  *out = memory;
  return kSuccess;
}
GX_API cuMemAllocHost_v2(void** out, size_t bytes) { return cuMemHostAlloc(out, bytes, 0); }

GX_API cuMemFreeHost(void* memory) {
  GX_ENTER
  auto found = primary->pinned.find(reinterpret_cast<uintptr_t>(memory));
  if (found == primary->pinned.end()) return fail(kInvalidValue, "cuMemFreeHost of what was not pinned");
  drainAll();
  unmapHost(found->first);
  free(memory);
  primary->pinned.erase(found);
  return primary->sticky.code;
}

GX_API cuMemHostRegister_v2(void* memory, size_t bytes, unsigned) {
  GX_CONTEXT
  auto address = reinterpret_cast<uintptr_t>(memory);
  if (!memory || bytes == 0) return kInvalidValue;
  if (hostMapped(address, 1)) return fail(kAlreadyRegistered, "the memory is registered already");
  mapHost(address, bytes);
  return kSuccess;
}
GX_API cuMemHostRegister(void* memory, size_t bytes, unsigned flags) {
  return cuMemHostRegister_v2(memory, bytes, flags);
}

GX_API cuMemHostUnregister(void* memory) {
  GX_ENTER
  auto address = reinterpret_cast<uintptr_t>(memory);
  if (primary->pinned.count(address)) return kInvalidValue;
  drainAll();
  if (!unmapHost(address)) return fail(kNotRegistered, "the memory is not registered");
  return primary->sticky.code;
}

GX_API cuMemHostGetDevicePointer_v2(CUdeviceptr* address, void* memory, unsigned) {
  GX_CONTEXT
  auto host = reinterpret_cast<uintptr_t>(memory);
  if (!hostMapped(host, 1)) return fail(kInvalidValue, "the memory is neither pinned nor registered");
  *address = host;
  return kSuccess;
}

GX_API cuMemcpyHtoD_v2(CUdeviceptr target, const void* source, size_t bytes) {
  GX_CONTEXT
  return copySync(target, kDevice, reinterpret_cast<uintptr_t>(source), kHost, bytes, "cuMemcpyHtoD");
}
GX_API cuMemcpyDtoH_v2(void* target, CUdeviceptr source, size_t bytes) {
  GX_CONTEXT
  return copySync(reinterpret_cast<uintptr_t>(target), kHost, source, kDevice, bytes, "cuMemcpyDtoH");
}
GX_API cuMemcpyDtoD_v2(CUdeviceptr target, CUdeviceptr source, size_t bytes) {
  GX_CONTEXT
  return copySync(target, kDevice, source, kDevice, bytes, "cuMemcpyDtoD");
}
GX_API cuMemcpyHtoDAsync_v2(CUdeviceptr target, const void* source, size_t bytes, void* stream) {
  GX_CONTEXT
  return copyAsync(target, kDevice, reinterpret_cast<uintptr_t>(source), kHost, bytes, stream,
                   "cuMemcpyHtoDAsync");
}
GX_API cuMemcpyDtoHAsync_v2(void* target, CUdeviceptr source, size_t bytes, void* stream) {
  GX_CONTEXT
  return copyAsync(reinterpret_cast<uintptr_t>(target), kHost, source, kDevice, bytes, stream,
                   "cuMemcpyDtoHAsync");
}
GX_API cuMemcpyDtoDAsync_v2(CUdeviceptr target, CUdeviceptr source, size_t bytes, void* stream) {
  GX_CONTEXT
  return copyAsync(target, kDevice, source, kDevice, bytes, stream, "cuMemcpyDtoDAsync");
}

// CUDA_MEMCPY2D_v2
struct Copy2D {
  size_t sourceX, sourceY;
  unsigned sourceType;  // 1 host, 2 device
  const void* sourceHost;
  CUdeviceptr sourceDevice;
  void* sourceArray;
  size_t sourcePitch;
  size_t targetX, targetY;
  unsigned targetType;
  void* targetHost;
  CUdeviceptr targetDevice;
  void* targetArray;
  size_t targetPitch;
  size_t width, height;
};

GX_API cuMemcpy2DAsync_v2(const Copy2D* c, void* stream) {
  GX_CONTEXT
  if (c->sourceType < 1 || c->sourceType > 2 || c->targetType < 1 || c->targetType > 2 ||
      c->width > c->sourcePitch || c->width > c->targetPitch) {
    return fail(kInvalidValue, "cuMemcpy2D: memory types or pitches");
  }
  Side from = c->sourceType == 2 ? kDevice : kHost;
  Side to = c->targetType == 2 ? kDevice : kHost;
  uintptr_t source = from == kDevice ? c->sourceDevice : reinterpret_cast<uintptr_t>(c->sourceHost);
  uintptr_t target = to == kDevice ? c->targetDevice : reinterpret_cast<uintptr_t>(c->targetHost);
  for (size_t row = 0; row < c->height; row++) {
    CUresult r = copyAsync(target + (c->targetY + row) * c->targetPitch + c->targetX, to,
                           source + (c->sourceY + row) * c->sourcePitch + c->sourceX, from, c->width,
                           stream, "cuMemcpy2DAsync");
    if (r) return r;
  }
  return kSuccess;
}
GX_API cuMemcpy2D_v2(const Copy2D* c) {
  GX_CONTEXT
  CUresult r = cuMemcpy2DAsync_v2(c, nullptr);
  if (!r) drain(&primary->defaultStream);
  return r ? r : primary->sticky.code;
}

GX_API cuMemsetD8_v2(CUdeviceptr target, unsigned char value, size_t count) {
  GX_CONTEXT
  return fill(target, value, count, nullptr, true);
}
GX_API cuMemsetD32_v2(CUdeviceptr target, unsigned value, size_t count) {
  GX_CONTEXT
  return fill(target, value, count, nullptr, true);
}
GX_API cuMemsetD8Async(CUdeviceptr target, unsigned char value, size_t count, void* stream) {
  GX_CONTEXT
  return fill(target, value, count, stream, false);
}
GX_API cuMemsetD32Async(CUdeviceptr target, unsigned value, size_t count, void* stream) {
  GX_CONTEXT
  return fill(target, value, count, stream, false);
}

// --------------------------------------------------------------------------- streams and events

GX_API cuStreamCreate(Stream** out, unsigned flags) {
  GX_CONTEXT
  auto stream = new Stream;
  stream->blocking = !(flags & 1);
  primary->streams.insert(stream);
  *out = stream;
  return kSuccess;
}
GX_API cuStreamCreateWithPriority(Stream** out, unsigned flags, int) { return cuStreamCreate(out, flags); }

GX_API cuStreamDestroy_v2(Stream* stream) {
  GX_ENTER
  if (!primary->streams.count(stream)) return fail(kInvalidHandle, "unknown stream");
  drain(stream);
  for (Event* event : primary->events) {
    if (event->stream == stream) event->stream = nullptr;
  }
  primary->streams.erase(stream);
  delete stream;
  return kSuccess;
}

GX_API cuStreamSynchronize(void* stream) {
  GX_CONTEXT
  if (!known(stream)) return fail(kInvalidHandle, "unknown stream");
  CUresult refused = refuseCapture(stream, "cuStreamSynchronize");
  if (refused) return refused;
  orderAgainstDefault(streamOf(stream));
  drain(streamOf(stream));
  return primary->sticky.code;
}

GX_API cuStreamQuery(void* stream) {
  GX_CONTEXT
  if (!known(stream)) return fail(kInvalidHandle, "unknown stream");
  CUresult refused = refuseCapture(stream, "cuStreamQuery");
  if (refused) return refused;
  Stream* s = streamOf(stream);
  if (s->queue.empty()) return kSuccess;
  runFirst(s);  // whoever polls gets on
  return primary->sticky.code ? primary->sticky.code : s->queue.empty() ? kSuccess : kNotReady;
}

GX_API cuEventCreate(Event** out, unsigned) {
  GX_CONTEXT
  *out = new Event;
  primary->events.insert(*out);
  return kSuccess;
}

GX_API cuEventDestroy_v2(Event* event) {
  GX_ENTER
  if (!primary->events.count(event)) return fail(kInvalidHandle, "unknown event");
  drainAll();
  primary->events.erase(event);
  delete event;
  return kSuccess;
}

GX_API cuEventRecord(Event* event, void* stream) {
  GX_CONTEXT
  if (!primary->events.count(event)) return fail(kInvalidHandle, "unknown event");
  if (!known(stream)) return fail(kInvalidHandle, "unknown stream");
  CUresult refused = refuseCapture(stream, "cuEventRecord");
  if (refused) return refused;
  uint64_t version = ++event->recorded;
  event->stream = streamOf(stream);
  return enqueue(stream, [=]() -> Report {
    event->done = std::max(event->done, version);
    event->seconds = now();
    return {};
  });
}

GX_API cuStreamWaitEvent(void* stream, Event* event, unsigned) {
  GX_CONTEXT
  if (!primary->events.count(event)) return fail(kInvalidHandle, "unknown event");
  if (!known(stream)) return fail(kInvalidHandle, "unknown stream");
  CUresult refused = refuseCapture(stream, "cuStreamWaitEvent");
  if (refused) return refused;
  Stream* s = streamOf(stream);
  s->queue.push_back({nullptr, event, event->recorded});
  if (!late) drain(s);
  return kSuccess;
}

GX_API cuEventSynchronize(Event* event) {
  GX_CONTEXT
  if (!primary->events.count(event)) return fail(kInvalidHandle, "unknown event");
  // Only up to the event: what was queued behind it stays late.
  Stream* stream = event->stream;
  while (event->done < event->recorded && stream && !stream->queue.empty()) runFirst(stream);
  return primary->sticky.code;
}

GX_API cuEventQuery(Event* event) {
  GX_CONTEXT
  if (!primary->events.count(event)) return fail(kInvalidHandle, "unknown event");
  if (event->done < event->recorded && event->stream && !event->stream->queue.empty()) {
    runFirst(event->stream);
  }
  return primary->sticky.code ? primary->sticky.code
                              : event->done < event->recorded ? kNotReady : kSuccess;
}

GX_API cuEventElapsedTime(float* milliseconds, Event* start, Event* end) {
  GX_CONTEXT
  if (!primary->events.count(start) || !primary->events.count(end) || !start->recorded ||
      !end->recorded) {
    return fail(kInvalidHandle, "an event that was not recorded");
  }
  if (start->done < start->recorded || end->done < end->recorded) return kNotReady;
  *milliseconds = float((end->seconds - start->seconds) * 1e3);
  return kSuccess;
}
GX_API cuEventElapsedTime_v2(float* milliseconds, Event* start, Event* end) {
  return cuEventElapsedTime(milliseconds, start, end);
}

// ------------------------------------------------------------------------------------- graphs

GX_API cuStreamBeginCapture_v2(void* stream, int) {
  GX_CONTEXT
  if (!known(stream)) return fail(kInvalidHandle, "unknown stream");
  Stream* s = streamOf(stream);
  if (s == &primary->defaultStream) return fail(kCaptureUnsupported, "capture on the default stream");
  if (s->capture) return fail(kIllegalState, "the stream captures already");
  s->capture = std::make_unique<Graph>();
  s->invalid = false;
  return kSuccess;
}

GX_API cuStreamEndCapture(void* stream, Graph** out) {
  GX_CONTEXT
  if (!known(stream)) return fail(kInvalidHandle, "unknown stream");
  Stream* s = streamOf(stream);
  if (!s->capture) return fail(kIllegalState, "the stream does not capture");
  std::unique_ptr<Graph> graph = std::move(s->capture);
  *out = nullptr;
  if (s->invalid) return fail(kCaptureInvalidated, lastReport);
  *out = graph.release();
  primary->graphs.insert(*out);
  return kSuccess;
}

GX_API cuGraphInstantiateWithFlags(Graph** out, Graph* graph, unsigned long long flags) {
  GX_CONTEXT
  if (!primary->graphs.count(graph)) return fail(kInvalidHandle, "unknown graph");
  if (flags) return fail(kNotSupported, "flags of cuGraphInstantiate");
  auto instance = std::make_shared<Graph>(*graph);
  *out = instance.get();
  primary->instances[instance.get()] = instance;
  return kSuccess;
}

GX_API cuGraphDestroy(Graph* graph) {
  GX_ENTER
  if (!primary->graphs.erase(graph)) return fail(kInvalidHandle, "unknown graph");
  delete graph;
  return kSuccess;
}

GX_API cuGraphLaunch(Graph* instance, void* stream) {
  GX_CONTEXT
  auto found = primary->instances.find(instance);
  if (found == primary->instances.end()) return fail(kInvalidHandle, "unknown graph");
  return enqueue(stream, [graph = found->second]() -> Report {
    for (auto& node : graph->nodes) {
      Report report = node();
      if (report.code) return report;
    }
    return {};
  });
}

// What is queued runs all the same: the work holds the graph.
GX_API cuGraphExecDestroy(Graph* instance) {
  GX_ENTER
  if (!primary->instances.erase(instance)) return fail(kInvalidHandle, "unknown graph");
  return kSuccess;
}

// --------------------------------------------------------------------------- modules, launches

GX_API cuModuleLoadData(Module** out, const void* image) {
  GX_CONTEXT
  if (!image) return kInvalidValue;
  return load(static_cast<const char*>(image), out);
}
GX_API cuModuleLoadDataEx(Module** out, const void* image, unsigned, int*, void**) {
  return cuModuleLoadData(out, image);
}
GX_API cuModuleLoadFatBinary(Module** out, const void* image) { return cuModuleLoadData(out, image); }

GX_API cuModuleUnload(Module* module) {
  GX_ENTER
  if (!primary->modules.count(module)) return fail(kInvalidHandle, "unknown module");
  drainAll();
  unload(module);
  return kSuccess;
}

GX_API cuModuleGetFunction(Kernel** out, Module* module, const char* name) {
  GX_CONTEXT
  if (!primary->modules.count(module)) return fail(kInvalidHandle, "unknown module");
  auto found = module->kernels.find(name);
  if (found == module->kernels.end()) return fail(kNotFound, std::string("no kernel named ") + name);
  *out = &found->second;
  return kSuccess;
}

GX_API cuFuncSetAttribute(Kernel* kernel, int attribute, int value) {
  GX_CONTEXT
  if (attribute == 8) {  // MAX_DYNAMIC_SHARED_SIZE_BYTES
    if (value < 0 || value > 227 << 10) return fail(kInvalidValue, kernel->name + ": dynamic shared memory");
    kernel->allowedDynamic = unsigned(value);
  }
  return kSuccess;
}

GX_API cuFuncGetAttribute(int* value, int attribute, Kernel* kernel) {
  GX_CONTEXT
  switch (attribute) {
    case 0: *value = int(kernel->maxThreads); break;       // MAX_THREADS_PER_BLOCK
    case 8: *value = int(kernel->allowedDynamic); break;   // MAX_DYNAMIC_SHARED_SIZE_BYTES
    default: *value = 0; break;
  }
  return kSuccess;
}
GX_API cuFuncSetCacheConfig(Kernel*, int) { return kSuccess; }

GX_API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel*, int threads, size_t shared) {
  GX_CONTEXT
  if (threads < 1 || threads > 1024) return kInvalidValue;
  int byShared = shared ? int((228u << 10) / (shared + 1024)) : 32;
  *blocks = std::min(2048 / threads, byShared);
  return kSuccess;
}

GX_API cuLaunchKernel(Kernel* kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                      unsigned bz, unsigned dynamicShared, void* stream, void** parameters,
                      void** extra) {
  GX_CONTEXT
  bool knownKernel = false;
  for (Module* module : primary->modules) {
    for (auto& entry : module->kernels) knownKernel |= &entry.second == kernel;
  }
  if (!knownKernel) return fail(kInvalidHandle, "unknown function");
  Dim grid{gx, gy, gz}, block{bx, by, bz};
  if (extra) return fail(kNotSupported, kernel->name + ": parameters in a buffer");
  if (grid.count() == 0 || block.count() == 0 || gx > 0x7fffffffu || gy > 65535 || gz > 65535) {
    return fail(kInvalidValue, kernel->name + ": grid (" + std::to_string(gx) + "," +
                                   std::to_string(gy) + "," + std::to_string(gz) + ")");
  }
  if (block.count() > kernel->maxThreads) {
    return fail(kInvalidValue, kernel->name + ": " + std::to_string(block.count()) +
                                   " threads a block, kernels.def says " +
                                   std::to_string(kernel->maxThreads));
  }
  if (dynamicShared > kernel->allowedDynamic || dynamicShared > kernel->maxDynamic) {
    return fail(kInvalidValue, kernel->name + ": " + std::to_string(dynamicShared) +
                                   " bytes of dynamic shared memory, allowed " +
                                   std::to_string(std::min(kernel->allowedDynamic, kernel->maxDynamic)));
  }
  // The values are taken now; the caller may reuse the array.
  auto values = std::make_shared<std::vector<std::array<uint64_t, 2>>>(kernel->sizes.size());
  for (size_t i = 0; i < kernel->sizes.size(); i++) {
    if (!parameters[i]) return fail(kInvalidValue, kernel->name + ": a parameter is missing");
    memcpy((*values)[i].data(), parameters[i], kernel->sizes[i]);
  }
  return enqueue(stream, [=]() -> Report {
    std::vector<void*> pointers;
    for (auto& value : *values) pointers.push_back(value.data());
    return run(*kernel, grid, block, dynamicShared, pointers.data(), (seed << 20) + ++launches);
  });
}

GX_API cuProfilerStart() { return kSuccess; }
GX_API cuProfilerStop() { return kSuccess; }
