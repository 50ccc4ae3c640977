// Memory with shadow state and the execution of a launch, thread by thread.
//
// A CUDA thread is a fiber. One runs at a time, until it waits (barrier, warp collective) or ends;
// which one goes next is drawn from the seed. Every load and store of a kernel calls in here,
// because the kernels are compiled with g++'s instrumentation for race detectors (the __tsan_*
// functions below are ours): so an access outside, a read of what nobody wrote, a misaligned vector
// access and two threads that touch one word of shared memory with no barrier between are found when
// they happen, whatever values are there.

#include "runtime.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "device.h"

namespace gx::emu {
namespace {

// ------------------------------------------------------------------------------- device memory

constexpr uint8_t kAllocated = 0x80;
constexpr uint8_t kPartial = 0x40;  // instead of kAllocated: the last word of a size like 4·n + 1
constexpr uint8_t kWritten = 0x0f;  // one bit for each of the four bytes
constexpr uint8_t kGood = kAllocated | kWritten;
constexpr size_t kAlignment = 512;
// Distance between allocations. Address space only: untouched pages cost nothing.
constexpr size_t kGuard = 1 << 20;

struct Arena {
  uintptr_t base = 0;
  size_t size = 0;
  uint8_t* shadow = nullptr;
  size_t total = 0;
  size_t used = 0;
  std::map<uintptr_t, size_t> blocks;  // start -> bytes as asked for
  uintptr_t next = 0;                  // a moving first fit: what was freed is not given out soon

  Arena() {
    for (size = size_t(1) << 37; size >= size_t(1) << 30; size >>= 1) {
      void* memory = reserve(size);
      if (!memory) continue;
      shadow = static_cast<uint8_t*>(reserve(size / 4));
      if (shadow) {
        base = reinterpret_cast<uintptr_t>(memory);
        break;
      }
      munmap(memory, size);
    }
    if (!base) size = 0;
    const char* limit = getenv("GEODEX_EMULATOR_MEMORY");
    size_t machine = size_t(sysconf(_SC_PHYS_PAGES)) * size_t(sysconf(_SC_PAGESIZE));
    total = std::min(limit ? size_t(strtoull(limit, nullptr, 10)) : machine / 2, size / 4);
    next = base + kGuard;
  }

  static void* reserve(size_t bytes) {
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? nullptr : p;
  }

  // A gap of at least `need` bytes at or after `from`; 0 when there is none.
  uintptr_t gap(uintptr_t from, size_t need) const {
    uintptr_t at = from;
    auto block = blocks.lower_bound(from);
    if (block != blocks.begin()) {
      auto before = std::prev(block);
      at = std::max(at, before->first + rounded(before->second) + kGuard);
    }
    for (;; ++block) {
      uintptr_t end = block == blocks.end() ? base + size : block->first;
      if (end > at && end - at >= need + kGuard) return at;
      if (block == blocks.end()) return 0;
      at = std::max(at, block->first + rounded(block->second) + kGuard);
    }
  }

  static size_t rounded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }
};

Arena& arena() {
  static Arena* one = new Arena;
  return *one;
}

// The same facts as plain variables, for the checks at every access.
uintptr_t arenaBase;
size_t arenaSize;
uint8_t* arenaShadow;

void markAllocated(uintptr_t address, size_t bytes) {
  uint8_t* s = arenaShadow + (address - arenaBase) / 4;
  memset(s, kAllocated, bytes / 4);
  if (bytes % 4) s[bytes / 4] = kPartial;
}

struct Checked {
  enum Kind { kFine, kOutside, kUnwritten } kind;
  uintptr_t address;
};

Checked checkRange(uintptr_t address, size_t bytes, bool reading) {
  Range block = allocationOf(address);
  if (!block.contains(address, bytes)) {
    return {Checked::kOutside, block.begin ? block.end : address};
  }
  if (reading) {
    const uint8_t* s = arenaShadow;
    for (size_t i = 0; i < bytes;) {
      size_t off = address - arenaBase + i;
      if (off % 4 == 0 && s[off / 4] == kGood) {
        i += 4;
      } else if (s[off / 4] >> (off % 4) & 1) {
        i += 1;
      } else {
        return {Checked::kUnwritten, address + i};
      }
    }
  }
  return {Checked::kFine, 0};
}

std::string hex(uintptr_t v) {
  char text[32];
  snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(v));
  return text;
}

// "byte 4096 of a buffer of 4096 bytes" or where the address lies otherwise.
std::string place(uintptr_t address) {
  const auto& blocks = arena().blocks;
  auto after = blocks.upper_bound(address);
  if (after != blocks.begin()) {
    auto block = std::prev(after);
    uintptr_t off = address - block->first;
    if (off < block->second) {
      return "byte " + std::to_string(off) + " of a buffer of " + std::to_string(block->second) +
             " bytes";
    }
    if (off < block->second + kGuard) {
      return std::to_string(off - block->second) + " bytes after the end of a buffer of " +
             std::to_string(block->second) + " bytes";
    }
  }
  if (after != blocks.end() && after->first - address < kGuard) {
    return std::to_string(after->first - address) + " bytes before a buffer of " +
           std::to_string(after->second) + " bytes";
  }
  return "address " + hex(address) + ", in no buffer";
}

std::map<uintptr_t, size_t> hostRanges;

}  // namespace

uintptr_t allocate(size_t bytes) {
  Arena& a = arena();
  arenaBase = a.base;
  arenaSize = a.size;
  arenaShadow = a.shadow;
  if (bytes == 0 || bytes > a.total - a.used) return 0;
  size_t need = Arena::rounded(bytes);
  uintptr_t at = a.gap(a.next, need);
  if (!at) at = a.gap(a.base + kGuard, need);
  if (!at) return 0;
  a.blocks[at] = bytes;
  a.used += bytes;
  a.next = at + need + kGuard;
  markAllocated(at, bytes);
  return at;
}

bool release(uintptr_t address) {
  Arena& a = arena();
  auto block = a.blocks.find(address);
  if (block == a.blocks.end()) return false;
  size_t bytes = block->second;
  memset(arenaShadow + (address - arenaBase) / 4, 0, (bytes + 3) / 4);
  uintptr_t page = (address + 4095) & ~uintptr_t(4095);
  uintptr_t end = (address + bytes) & ~uintptr_t(4095);
  if (end > page) madvise(reinterpret_cast<void*>(page), end - page, MADV_DONTNEED);
  a.used -= bytes;
  a.blocks.erase(block);
  return true;
}

void releaseAll() {
  while (!arena().blocks.empty()) release(arena().blocks.begin()->first);
}

size_t totalMemory() { return arena().total; }
void limitMemory(size_t bytes) { arena().total = std::max(arena().used, std::min(bytes, arena().size / 4)); }
size_t freeMemory() { return arena().total - arena().used; }
bool onDevice(uintptr_t address) { return address - arena().base < arena().size; }

Range allocationOf(uintptr_t address) {
  const auto& blocks = arena().blocks;
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin()) return {};
  auto block = std::prev(after);
  if (address - block->first >= block->second) return {};
  return {block->first, block->first + block->second};
}

Report checkRead(uintptr_t address, size_t bytes, const char* what) {
  if (bytes == 0) return {};
  Checked c = checkRange(address, bytes, true);
  if (c.kind == Checked::kOutside) {
    return {kIllegalAddress, std::string(what) + " reads outside: " + place(c.address)};
  }
  if (c.kind == Checked::kUnwritten) {
    return {kLaunchFailed, std::string(what) + " reads what nobody wrote: " + place(c.address)};
  }
  return {};
}

Report checkWrite(uintptr_t address, size_t bytes, const char* what) {
  if (bytes == 0) return {};
  Checked c = checkRange(address, bytes, false);
  if (c.kind == Checked::kOutside) {
    return {kIllegalAddress, std::string(what) + " writes outside: " + place(c.address)};
  }
  size_t head = std::min(bytes, size_t(-address & 3));
  for (size_t i = 0; i < head; i++) {
    size_t off = address - arenaBase + i;
    arenaShadow[off / 4] |= uint8_t(1u << off % 4);
  }
  memset(arenaShadow + (address + head - arenaBase) / 4, kGood, (bytes - head) / 4);
  for (size_t i = head + (bytes - head) / 4 * 4; i < bytes; i++) {
    size_t off = address - arenaBase + i;
    arenaShadow[off / 4] |= uint8_t(1u << off % 4);
  }
  return {};
}

void copyShadow(uintptr_t target, uintptr_t source, size_t bytes) {
  size_t words = target % 4 == 0 && source % 4 == 0 ? bytes / 4 : 0;
  for (size_t i = 0; i < words; i++) {
    uint8_t from = arenaShadow[(source - arenaBase) / 4 + i];
    uint8_t& to = arenaShadow[(target - arenaBase) / 4 + i];
    to = uint8_t((to & ~kWritten) | (from & kWritten));
  }
  for (size_t i = words * 4; i < bytes; i++) {
    size_t from = source - arenaBase + i;
    size_t to = target - arenaBase + i;
    uint8_t bit = uint8_t(1u << to % 4);
    bool written = arenaShadow[from / 4] >> from % 4 & 1;
    arenaShadow[to / 4] = uint8_t(written ? arenaShadow[to / 4] | bit : arenaShadow[to / 4] & ~bit);
  }
}

void mapHost(uintptr_t address, size_t bytes) { hostRanges[address] = bytes; }
bool unmapHost(uintptr_t address) { return hostRanges.erase(address) != 0; }
void unmapAllHost() { hostRanges.clear(); }
bool hostMapped(uintptr_t address, size_t bytes) {
  auto after = hostRanges.upper_bound(address);
  if (after == hostRanges.begin()) return false;
  auto range = std::prev(after);
  uintptr_t off = address - range->first;
  return off < range->second && range->second - off >= bytes;
}

// ---------------------------------------------------------------------------------- execution

namespace {

constexpr unsigned kMaxThreads = 1024;
constexpr size_t kStackBytes = 128 << 10;
constexpr size_t kMaxDynamic = 227 << 10;

enum State : uint8_t { kReady, kAtBarrier, kAtCollective, kDone };

struct AsyncCopy {
  char* target;
  const char* source;
  size_t bytes, zeroFill;
  unsigned group;
};

struct Thread {
  void* stack;
  uint3 index;
  unsigned id;
  State state;
  // What it waits for in a warp collective, and what it brought.
  uint8_t kind;
  unsigned mask;
  unsigned source;
  uint64_t value;
  uint64_t result;
  int predicate;
  unsigned copyGroup;
  std::vector<AsyncCopy> copies;
};

// Last accesses to one word of shared memory. Times: `now` counts block barriers over the whole
// process; `warpNow` counts the __syncwarp of each warp within the same time.
struct SharedWord {
  uint64_t written;  // when; before the block's start: nobody wrote it yet
  uint64_t read;
  uint16_t writer, reader;
  uint32_t writerWarp, readerWarp;  // the warp's time
  // An asynchronous copy may write from its issue on; what is written is known when it was waited for.
  uint64_t issued;
  uint16_t issuer;
  uint32_t issuerWarp;
  uint8_t readers;                  // kOne: the reader alone; kWarp: lanes of its warp; kMany
  bool atomic;
};
enum : uint8_t { kOne, kWarpReaders, kMany };

struct Engine {
  const Kernel* kernel = nullptr;
  void** parameters = nullptr;
  uint3 grid, block, blockIndex;
  unsigned threads = 0, warps = 0;
  Thread all[kMaxThreads];
  Thread* self = nullptr;
  void* schedulerStack = nullptr;
  char* stacks = nullptr;
  Range stackRange;
  unsigned ready[kMaxThreads];
  unsigned readyCount = 0;
  unsigned live = 0, waiting = 0;
  unsigned liveLanes[kMaxThreads / 32];
  bool failed = false;
  Report report;
  uint64_t random = 1;

  alignas(128) char dynamic[kMaxDynamic];
  Range dynamicRange, sharedRange;
  std::vector<Range> constants;
  std::vector<SharedWord> sharedShadow, dynamicShadow;
  const Module* shadowOf = nullptr;
  uint64_t now = 1, blockStart = 1;
  uint32_t warpNow[kMaxThreads / 32];

  unsigned draw(unsigned n) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return unsigned((random >> 32) * n >> 32);
  }
};

Engine* engine() {
  static Engine* one = new Engine;
  return one;
}
Engine* e;  // = engine(), once a launch has run

// Saves the callee-saved registers on the current stack, goes to another one and restores them.
#if defined(__x86_64__)
extern "C" void gx_emu_switch(void** save, void* load);
asm(R"(
.text
.hidden gx_emu_switch
.type gx_emu_switch,@function
gx_emu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size gx_emu_switch,.-gx_emu_switch
)");
constexpr size_t kSavedWords = 6;
#elif defined(__aarch64__)
extern "C" void gx_emu_switch(void** save, void* load);
asm(R"(
.text
.hidden gx_emu_switch
.type gx_emu_switch,%function
gx_emu_switch:
  sub sp, sp, #176
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #176
  ret
.size gx_emu_switch,.-gx_emu_switch
)");
#else
#error "the emulator switches stacks on x86-64 and aarch64 only"
#endif

void toScheduler() { gx_emu_switch(&e->self->stack, e->schedulerStack); }

std::string triple(uint3 v) {
  return "(" + std::to_string(v.x) + "," + std::to_string(v.y) + "," + std::to_string(v.z) + ")";
}

// Ends the launch with a report and leaves the fiber for good.
[[noreturn]] void fail(Error code, const std::string& what) {
  if (!e->failed) {
    e->failed = true;
    e->report.code = code;
    e->report.text = e->kernel->name + ": " + what + ", block " + triple(e->blockIndex);
    if (e->self) e->report.text += " thread " + triple(e->self->index);
  }
  if (!e->self) {
    fprintf(stderr, "%s\n", e->report.text.c_str());
    abort();
  }
  toScheduler();
  abort();
}

void makeReady(Thread& t) {
  t.state = kReady;
  e->ready[e->readyCount++] = t.id;
}

// ---- barriers and collectives

void releaseBarrier() {
  int count = 0;
  for (unsigned i = 0; i < e->threads; i++) {
    Thread& t = e->all[i];
    if (t.state == kAtBarrier) count += t.predicate != 0;
  }
  int all = count == int(e->waiting);
  for (unsigned i = 0; i < e->threads; i++) {
    Thread& t = e->all[i];
    if (t.state == kAtBarrier) {
      t.result = t.kind == GX_EMU_COUNT ? count : t.kind == GX_EMU_AND ? all : count != 0;
      makeReady(t);
    }
  }
  e->waiting = 0;
  e->now++;
}

uint64_t fold(gx_emu_collective kind, uint64_t a, uint64_t b) {
  switch (kind) {
    case GX_EMU_ADD: return uint32_t(a + b);
    case GX_EMU_MIN_S: return uint64_t(std::min(int64_t(a), int64_t(b)));
    case GX_EMU_MAX_S: return uint64_t(std::max(int64_t(a), int64_t(b)));
    case GX_EMU_MIN_U: return std::min(a, b);
    case GX_EMU_MAX_U: return std::max(a, b);
    case GX_EMU_BIT_AND: return a & b;
    case GX_EMU_BIT_OR: return a | b;
    default: return a ^ b;
  }
}

// Goes on when every live lane of the mask waits in the same collective.
void tryCollective(unsigned warp, unsigned mask, uint8_t kind) {
  unsigned members = mask & e->liveLanes[warp];
  if (!members) return;
  Thread* lanes = &e->all[warp * 32];
  for (unsigned m = members; m; m &= m - 1) {
    const Thread& t = lanes[__builtin_ctz(m)];
    if (t.state != kAtCollective || t.mask != mask || t.kind != kind) return;
  }
  auto k = gx_emu_collective(kind);
  uint64_t common = 0;
  if (k == GX_EMU_SYNC) {
    e->warpNow[warp]++;
  } else if (k == GX_EMU_BALLOT) {
    for (unsigned m = members; m; m &= m - 1) {
      common |= lanes[__builtin_ctz(m)].value << __builtin_ctz(m);
    }
  } else if (k >= GX_EMU_ADD) {
    common = lanes[__builtin_ctz(members)].value;
    for (unsigned m = members & (members - 1); m; m &= m - 1) {
      common = fold(k, common, lanes[__builtin_ctz(m)].value);
    }
  }
  for (unsigned m = members; m; m &= m - 1) {
    Thread& t = lanes[__builtin_ctz(m)];
    if (k == GX_EMU_SHUFFLE) {
      // A lane outside the mask has no value: give one that shows.
      t.result = members >> t.source & 1 ? lanes[t.source].value : ~uint64_t(0);
    } else if (k == GX_EMU_MATCH) {
      t.result = 0;
      for (unsigned o = members; o; o &= o - 1) {
        unsigned lane = __builtin_ctz(o);
        if (lanes[lane].value == t.value) t.result |= 1u << lane;
      }
    } else {
      t.result = common;
    }
  }
  for (unsigned m = members; m; m &= m - 1) makeReady(lanes[__builtin_ctz(m)]);
}

void finish(Thread& t) {
  t.state = kDone;
  e->live--;
  unsigned warp = t.id / 32;
  e->liveLanes[warp] &= ~(1u << t.id % 32);
  if (e->live && e->waiting == e->live) releaseBarrier();
  for (unsigned i = 0; i < 32 && warp * 32 + i < e->threads; i++) {
    const Thread& other = e->all[warp * 32 + i];
    if (other.state == kAtCollective && other.mask >> t.id % 32 & 1) {
      tryCollective(warp, other.mask, other.kind);
    }
  }
}

void fiberMain() {
  e->kernel->invoke(e->parameters);
  finish(*e->self);
  toScheduler();
  abort();
}

void prepareStack(Thread& t) {
  // Tops differ by some cache lines: equal ones would all fall into the same cache sets.
  char* top = e->stacks + (t.id + 1) * kStackBytes - 256 - (t.id % 32) * 192;
  top = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t(63));
#if defined(__x86_64__)
  void** sp = reinterpret_cast<void**>(top);
  *--sp = nullptr;  // where fiberMain would return to; keeps its frame aligned
  *--sp = reinterpret_cast<void*>(&fiberMain);
  for (size_t i = 0; i < kSavedWords; i++) *--sp = nullptr;
#else
  void** sp = reinterpret_cast<void**>(top - 176);
  memset(sp, 0, 176);
  sp[11] = reinterpret_cast<void*>(&fiberMain);
#endif
  t.stack = sp;
}

std::string deadlock() {
  unsigned barrier = 0, collective = 0;
  const Thread* one = nullptr;
  for (unsigned i = 0; i < e->threads; i++) {
    barrier += e->all[i].state == kAtBarrier;
    if (e->all[i].state == kAtCollective) {
      collective++;
      if (!one) one = &e->all[i];
    }
  }
  std::string text = "threads wait for each other for ever: " + std::to_string(barrier) +
                     " at __syncthreads, " + std::to_string(collective) + " in warp collectives";
  if (one) text += " (thread " + std::to_string(one->id) + " with mask " + hex(one->mask) + ")";
  return text;
}

void runBlock() {
  e->blockStart = ++e->now;
  e->readyCount = 0;
  e->waiting = 0;
  e->live = e->threads;
  memset(e->warpNow, 0, sizeof e->warpNow);
  memset(e->liveLanes, 0, sizeof e->liveLanes);
  for (unsigned i = 0; i < e->threads; i++) {
    Thread& t = e->all[i];
    t.id = i;
    t.index = {i % e->block.x, i / e->block.x % e->block.y, i / (e->block.x * e->block.y)};
    t.copyGroup = 0;
    t.copies.clear();
    prepareStack(t);
    e->liveLanes[i / 32] |= 1u << i % 32;
    makeReady(t);
  }
  while (e->live) {
    if (!e->readyCount) {
      e->failed = true;
      e->report = {kLaunchFailed,
                   e->kernel->name + ": " + deadlock() + ", block " + triple(e->blockIndex)};
      return;
    }
    unsigned pick = e->draw(e->readyCount);
    Thread& t = e->all[e->ready[pick]];
    e->ready[pick] = e->ready[--e->readyCount];
    e->self = &t;
    gx_emu_switch(&e->schedulerStack, t.stack);
    e->self = nullptr;
    if (e->failed) return;
  }
}

void prepareMemory(const Kernel& kernel, unsigned dynamicShared) {
  if (!e->stacks) {
    size_t bytes = kMaxThreads * kStackBytes;
    e->stacks = static_cast<char*>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (e->stacks == MAP_FAILED) abort();
    for (unsigned i = 0; i < kMaxThreads; i++) mprotect(e->stacks + i * kStackBytes, 4096, PROT_NONE);
    auto begin = reinterpret_cast<uintptr_t>(e->stacks);
    e->stackRange = {begin, begin + bytes};
    e->dynamicShadow.resize(kMaxDynamic / 4);
  }
  const ModuleMemory& memory = memoryOf(*kernel.module);
  e->sharedRange = memory.shared;
  e->constants = memory.constants;
  if (e->shadowOf != kernel.module) {
    e->sharedShadow.assign((memory.shared.end - memory.shared.begin) / 4 + 4, SharedWord{});
    e->shadowOf = kernel.module;
  }
  auto dynamic = reinterpret_cast<uintptr_t>(e->dynamic);
  e->dynamicRange = {dynamic, dynamic + dynamicShared};
  arenaBase = arena().base;
  arenaSize = arena().size;
  arenaShadow = arena().shadow;
}

// ---- checks at every access

std::string verb(bool writing, unsigned bytes) {
  return std::string(writing ? "writes " : "reads ") + std::to_string(bytes) + " bytes";
}

const char* name(bool writing) { return writing ? "a write" : "a read"; }

[[noreturn]] void race(bool writing, bool otherWrote, unsigned other, const char* where,
                       uintptr_t offset) {
  fail(kLaunchFailed, std::string("race in ") + where + " memory at byte " +
                          std::to_string(offset) + ": " + name(writing) + " and " +
                          name(otherWrote) + " by thread " + std::to_string(other) +
                          " with no barrier between");
}

// Happened before now, for a thread of `warp`?
bool ordered(uint64_t when, unsigned other, uint32_t otherWarpTime, unsigned self) {
  if (when < e->now) return true;
  return other == self || (other / 32 == self / 32 && otherWarpTime < e->warpNow[self / 32]);
}

void checkShared(const SharedWord& w, bool writing, const char* where, uintptr_t offset) {
  unsigned self = e->self->id;
  if (w.written >= e->blockStart && !ordered(w.written, w.writer, w.writerWarp, self)) {
    race(writing, true, w.writer, where, offset);
  }
  if (w.issued >= e->blockStart && !ordered(w.issued, w.issuer, w.issuerWarp, self)) {
    race(writing, true, w.issuer, where, offset);
  }
  if (writing && w.read >= e->now) {
    bool fine = w.readers == kOne ? ordered(w.read, w.reader, w.readerWarp, self)
                : w.readers == kWarpReaders && w.reader / 32 == self / 32
                    ? w.readerWarp < e->warpNow[self / 32]
                    : false;
    if (!fine) race(true, false, w.reader, where, offset);
  }
}

void accessShared(SharedWord& w, bool writing, bool atomic, bool whole, const char* where,
                  uintptr_t offset) {
  unsigned self = e->self->id;
  uint32_t warpTime = e->warpNow[self / 32];
  bool known = w.written >= e->blockStart;
  if (whole && !(atomic && w.atomic)) checkShared(w, writing, where, offset);
  if (!known && (!writing || atomic)) {
    fail(kLaunchFailed, std::string("reads ") + where + " memory that this block did not write, byte " +
                            std::to_string(offset));
  }
  if (writing) {
    w.written = e->now;
    w.writer = uint16_t(self);
    w.writerWarp = warpTime;
    w.atomic = atomic;
  } else {
    if (w.read < e->now || (w.reader == self && w.readers == kOne)) {
      w.readers = kOne;
    } else if (w.reader / 32 == self / 32 && w.readers != kMany) {
      w.readers = kWarpReaders;
    } else if (w.reader / 32 != self / 32) {
      w.readers = kMany;
    }
    w.read = e->now;
    w.reader = uint16_t(self);
    w.readerWarp = warpTime;
  }
}

void accessSharedRange(std::vector<SharedWord>& shadow, const Range& range, uintptr_t address,
                       unsigned bytes, bool writing, bool atomic, const char* where) {
  uintptr_t first = address - range.begin;
  for (uintptr_t word = first / 4; word <= (first + bytes - 1) / 4; word++) {
    accessShared(shadow[word], writing, atomic, bytes >= 4, where, word * 4);
  }
}

void issueSharedRange(std::vector<SharedWord>& shadow, const Range& range, uintptr_t address,
                      size_t bytes, const char* where) {
  for (uintptr_t at = address - range.begin; at < address - range.begin + bytes; at += 4) {
    SharedWord& w = shadow[at / 4];
    checkShared(w, true, where, at);
    w.issued = e->now;
    w.issuer = uint16_t(e->self->id);
    w.issuerWarp = e->warpNow[e->self->id / 32];
  }
}

// Where an asynchronous copy is to write; whether it may is checked when it does.
void issueCopy(uintptr_t address, size_t bytes) {
  if (e->sharedRange.contains(address, bytes)) {
    issueSharedRange(e->sharedShadow, e->sharedRange, address, bytes, "shared");
  } else if (e->dynamicRange.contains(address, bytes)) {
    issueSharedRange(e->dynamicShadow, e->dynamicRange, address, bytes, "dynamic shared");
  }
}

__attribute__((noinline)) void accessElsewhere(uintptr_t address, unsigned bytes, bool writing,
                                               bool atomic) {
  if (!e || !e->self) return;  // while a kernel library loads
  if (e->sharedRange.contains(address, bytes)) {
    accessSharedRange(e->sharedShadow, e->sharedRange, address, bytes, writing, atomic, "shared");
  } else if (e->dynamicRange.contains(address, bytes)) {
    accessSharedRange(e->dynamicShadow, e->dynamicRange, address, bytes, writing, atomic,
                      "dynamic shared");
  } else if (e->stackRange.contains(address, bytes)) {
    return;
  } else {
    if (!writing) {
      for (const Range& r : e->constants) {
        if (r.contains(address, bytes)) return;
      }
    }
    if (hostMapped(address, bytes)) return;
    auto dynamic = reinterpret_cast<uintptr_t>(e->dynamic);
    if (address - dynamic < kMaxDynamic) {
      fail(kIllegalAddress, verb(writing, bytes) + " outside dynamic shared memory: byte " +
                                std::to_string(address - dynamic) + " of " +
                                std::to_string(e->dynamicRange.end - e->dynamicRange.begin));
    }
    fail(kIllegalAddress, verb(writing, bytes) + " outside: " + place(address));
  }
}

__attribute__((noinline)) void accessDeviceSlow(uintptr_t address, unsigned bytes, bool writing) {
  Checked c = checkRange(address, bytes, !writing);
  if (c.kind == Checked::kOutside) {
    fail(kIllegalAddress, verb(writing, bytes) + " outside: " + place(c.address));
  }
  if (c.kind == Checked::kUnwritten) {
    fail(kLaunchFailed, verb(false, bytes) + " that nobody wrote: " + place(c.address));
  }
  if (writing) checkWrite(address, bytes, "");
}

template <unsigned N, bool Writing>
inline void access(void* p, bool atomic = false) {
  auto address = reinterpret_cast<uintptr_t>(p);
  if (address % N) {
    fail(kMisalignedAddress, verb(Writing, N) + " at a misaligned address: " + place(address));
  }
  size_t off = address - arenaBase;
  if (off >= arenaSize) {
    accessElsewhere(address, N, Writing, atomic);
    return;
  }
  uint8_t* s = arenaShadow + off / 4;
  if constexpr (N < 4) {
    uint8_t bits = uint8_t(((1u << N) - 1) << off % 4);
    if ((*s & kAllocated) && (Writing || (*s & bits) == bits)) {
      if (Writing) *s |= bits;
      return;
    }
    accessDeviceSlow(address, N, Writing);
  } else {
    // N / 4 shadow bytes at once.
    using Shadow = std::conditional_t<N == 4, uint8_t, std::conditional_t<N == 8, uint16_t, uint32_t>>;
    constexpr Shadow good = Shadow(0x8f8f8f8fu);
    constexpr Shadow allocated = Shadow(0x80808080u);
    Shadow state;
    memcpy(&state, s, sizeof state);
    if (state == good) return;
    if (Writing && (state & allocated) == allocated) {
      memcpy(s, &good, sizeof good);
      return;
    }
    accessDeviceSlow(address, N, Writing);
  }
}

void accessRange(void* p, size_t bytes, bool writing) {
  auto address = reinterpret_cast<uintptr_t>(p);
  if (onDevice(address)) {
    accessDeviceSlow(address, unsigned(bytes), writing);
  } else {
    accessElsewhere(address, unsigned(bytes), writing, false);
  }
}

std::vector<Kernel> registered;

}  // namespace

Report run(const Kernel& kernel, Dim grid, Dim block, unsigned dynamicShared, void** parameters,
           uint64_t seed) {
  e = engine();
  e->kernel = &kernel;
  e->parameters = parameters;
  e->grid = {grid.x, grid.y, grid.z};
  e->block = {block.x, block.y, block.z};
  e->threads = unsigned(block.count());
  e->warps = (e->threads + 31) / 32;
  e->random = seed * 0x9e3779b97f4a7c15ull + 0x2545f4914f6cdd1dull;
  if (!e->random) e->random = 1;
  for (int i = 0; i < 8; i++) e->draw(2);
  e->failed = false;
  e->report = {};
  prepareMemory(kernel, dynamicShared);
  // Blocks in an order of their own: first + i·step over all of them, step prime to their number.
  unsigned long long blocks = grid.count();
  unsigned long long first = e->draw(unsigned(std::min<unsigned long long>(blocks, 1u << 31)));
  unsigned long long step = blocks > 2 ? 1 + e->draw(unsigned(std::min(blocks - 1, 1ull << 20))) : 1;
  auto gcd = [](unsigned long long a, unsigned long long b) {
    while (b) std::swap(a %= b, b);
    return a;
  };
  while (gcd(blocks, step) != 1) step++;
  for (unsigned long long i = 0, at = first; i < blocks && !e->failed; i++, at = (at + step) % blocks) {
    e->blockIndex = {unsigned(at % grid.x), unsigned(at / grid.x % grid.y),
                     unsigned(at / (1ull * grid.x * grid.y))};
    runBlock();
  }
  return e->report;
}

std::vector<Kernel> takeRegistered() {
  std::vector<Kernel> out;
  out.swap(registered);
  return out;
}

}  // namespace gx::emu

// -------------------------------------------------------------------- what the kernels call

using namespace gx::emu;

#define GX_EXPORT extern "C" __attribute__((visibility("default")))

GX_EXPORT uint3 gx_emu_thread_idx() { return e->self->index; }
GX_EXPORT uint3 gx_emu_block_idx() { return e->blockIndex; }
GX_EXPORT uint3 gx_emu_block_dim() { return e->block; }
GX_EXPORT uint3 gx_emu_grid_dim() { return e->grid; }
GX_EXPORT void* gx_emu_dynamic_shared() { return e->dynamic; }
GX_EXPORT unsigned gx_emu_lane() { return e->self->id % 32; }
GX_EXPORT unsigned gx_emu_active_mask() { return e->liveLanes[e->self->id / 32]; }

GX_EXPORT int gx_emu_barrier(gx_emu_vote vote, int predicate) {
  Thread& t = *e->self;
  t.kind = vote;
  t.predicate = predicate;
  t.state = kAtBarrier;
  e->waiting++;
  if (e->waiting == e->live) releaseBarrier();
  toScheduler();
  return int(t.result);
}

GX_EXPORT uint64_t gx_emu_warp(gx_emu_collective kind, unsigned mask, uint64_t value,
                               unsigned source) {
  Thread& t = *e->self;
  if (!(mask >> t.id % 32 & 1)) fail(kLaunchFailed, "calls a warp collective with a mask without its own lane");
  t.kind = kind;
  t.mask = mask;
  t.value = value;
  t.source = source & 31;
  t.state = kAtCollective;
  tryCollective(t.id / 32, mask, kind);
  toScheduler();
  return t.result;
}

GX_EXPORT void gx_emu_atomic(const void* address, unsigned bytes) {
  void* p = const_cast<void*>(address);
  if (bytes == 8) {
    if (onDevice(reinterpret_cast<uintptr_t>(p))) access<8, false>(p);
    access<8, true>(p, true);
  } else {
    if (onDevice(reinterpret_cast<uintptr_t>(p))) access<4, false>(p);
    access<4, true>(p, true);
  }
}

GX_EXPORT void gx_emu_copy_async(void* shared, const void* global, size_t bytes, size_t zeroFill) {
  if (bytes != 4 && bytes != 8 && bytes != 16) fail(kLaunchFailed, "cp.async takes 4, 8 or 16 bytes");
  if (reinterpret_cast<uintptr_t>(shared) % bytes || reinterpret_cast<uintptr_t>(global) % bytes) {
    fail(kMisalignedAddress, "cp.async at a misaligned address");
  }
  issueCopy(reinterpret_cast<uintptr_t>(shared), bytes);
  Thread& t = *e->self;
  t.copies.push_back({static_cast<char*>(shared), static_cast<const char*>(global), bytes, zeroFill,
                      t.copyGroup});
}

GX_EXPORT void gx_emu_copy_commit() { e->self->copyGroup++; }

GX_EXPORT void gx_emu_copy_wait(unsigned newestLeft) {
  Thread& t = *e->self;
  size_t kept = 0;
  for (const AsyncCopy& c : t.copies) {
    if (c.group + newestLeft < t.copyGroup) {
      size_t real = c.bytes - std::min(c.bytes, c.zeroFill);
      if (real) accessRange(const_cast<char*>(c.source), real, false);
      accessRange(c.target, c.bytes, true);
      memcpy(c.target, c.source, real);
      memset(c.target + real, 0, c.bytes - real);
    } else {
      t.copies[kept++] = c;
    }
  }
  t.copies.resize(kept);
}

GX_EXPORT void gx_emu_trap(const char* why) { fail(kAssert, why); }

GX_EXPORT long long gx_emu_clock() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

GX_EXPORT void gx_emu_register(const char* name, void (*invoke)(void**), unsigned count,
                               const unsigned* sizes, unsigned maxThreads, unsigned maxDynamic) {
  Kernel kernel;
  kernel.name = name;
  kernel.invoke = invoke;
  kernel.sizes.assign(sizes, sizes + count);
  kernel.maxThreads = maxThreads;
  kernel.maxDynamic = maxDynamic;
  registered.push_back(kernel);
}

// g++ -fsanitize=thread writes these calls; no sanitizer library is linked.
#define GX_TSAN(bytes)                                                                       \
  GX_EXPORT void __tsan_read##bytes(void* p) { access<bytes, false>(p); }                    \
  GX_EXPORT void __tsan_write##bytes(void* p) { access<bytes, true>(p); }                    \
  GX_EXPORT void __tsan_volatile_read##bytes(void* p) { access<bytes, false>(p); }           \
  GX_EXPORT void __tsan_volatile_write##bytes(void* p) { access<bytes, true>(p); }           \
  GX_EXPORT void __tsan_unaligned_read##bytes(void* p) { accessRange(p, bytes, false); }     \
  GX_EXPORT void __tsan_unaligned_write##bytes(void* p) { accessRange(p, bytes, true); }
GX_TSAN(1)
GX_TSAN(2)
GX_TSAN(4)
GX_TSAN(8)
GX_TSAN(16)
GX_EXPORT void __tsan_read_range(void* p, size_t bytes) { accessRange(p, bytes, false); }
GX_EXPORT void __tsan_write_range(void* p, size_t bytes) { accessRange(p, bytes, true); }
GX_EXPORT void __tsan_init() {}
GX_EXPORT void __tsan_func_entry(void*) {}
GX_EXPORT void __tsan_func_exit() {}
GX_EXPORT void __tsan_vptr_update(void**, void*) {}

// -fsanitize=alignment: a float4 read at an address that is no multiple of 16. The first word of the
// data that g++ passes is the source file's name, the second the line.
GX_EXPORT void __ubsan_handle_type_mismatch_v1(void* data, void* p) {
  struct Place {
    const char* file;
    unsigned line, column;
  };
  auto at = static_cast<const Place*>(data);
  const char* file = strrchr(at->file, '/');
  fail(kMisalignedAddress, "misaligned vector access at " + std::string(file ? file + 1 : at->file) +
                               ":" + std::to_string(at->line) + ": " +
                               place(reinterpret_cast<uintptr_t>(p)));
}
