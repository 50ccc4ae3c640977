// The emulated device: memory with shadow state, and the execution of one launch. driver.cc puts the
// CUDA driver API on top. Not thread-safe: the driver holds one lock around everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gx::emu {

// The driver API's error numbers that the emulator gives.
enum Error {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNotInitialized = 3,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidImage = 200,
  kInvalidContext = 201,
  kFileNotFound = 301,
  kInvalidHandle = 400,
  kIllegalState = 401,
  kNotFound = 500,
  kNotReady = 600,
  kIllegalAddress = 700,
  kOutOfResources = 701,
  kAlreadyRegistered = 712,
  kNotRegistered = 713,
  kAssert = 710,
  kMisalignedAddress = 716,
  kLaunchFailed = 719,
  kNotSupported = 801,
  kCaptureUnsupported = 900,
  kCaptureInvalidated = 901,
};

struct Range {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  bool contains(uintptr_t address, size_t bytes) const {
    return address >= begin && address < end && end - address >= bytes;
  }
};

struct Module;

struct Kernel {
  std::string name;
  void (*invoke)(void** parameters);
  std::vector<unsigned> sizes;
  unsigned maxThreads;
  unsigned maxDynamic;
  Module* module = nullptr;
  unsigned allowedDynamic = 48 << 10;  // raised by cuFuncSetAttribute
};

struct Dim {
  unsigned x, y, z;
  unsigned long long count() const { return 1ull * x * y * z; }
};

struct Report {
  Error code = kSuccess;
  std::string text;
};

// ------------------------------------------------------------------------------- device memory

// Device memory: one reserved range of addresses. A shadow byte for each four bytes says which of
// them belong to an allocation and which were written since.
uintptr_t allocate(size_t bytes);                 // 0 when it does not fit
bool release(uintptr_t address);                  // false when it is not the start of an allocation
void releaseAll();
size_t totalMemory();
void limitMemory(size_t bytes);                   // from now on; at least what is in use
size_t freeMemory();
bool onDevice(uintptr_t address);                 // in the reserved range, allocated or not
// Allocation that holds the address: its start and size, or {0, 0}.
Range allocationOf(uintptr_t address);

// What a copy engine does: checks, then marks. `what` names the caller in the report.
Report checkRead(uintptr_t address, size_t bytes, const char* what);
Report checkWrite(uintptr_t address, size_t bytes, const char* what);  // marks as written
void copyShadow(uintptr_t target, uintptr_t source, size_t bytes);

// Host memory that the device may read and write.
void mapHost(uintptr_t address, size_t bytes);
bool unmapHost(uintptr_t address);
bool hostMapped(uintptr_t address, size_t bytes);
void unmapAllHost();

// ---------------------------------------------------------------------------------- execution

// Runs all blocks of a launch; the order of blocks and threads comes from the seed.
Report run(const Kernel& kernel, Dim grid, Dim block, unsigned dynamicShared, void** parameters,
           uint64_t seed);

// Shared variables and constants of a loaded kernel library.
struct ModuleMemory {
  Range shared;                  // its writable data: the __shared__ variables
  std::vector<Range> constants;  // its read-only data
};
const ModuleMemory& memoryOf(const Module& module);

// Kernels that registered themselves since the last call.
std::vector<Kernel> takeRegistered();

}  // namespace gx::emu
