// A small host side in C++ for trying kernels: memory, launches, checks, over the CUDA driver API.
// Linked with the emulator's libcuda.so.1 it runs anywhere; with the system's and a fatbin it runs
// on a card. See try.sh and test/try_probe.cc.
//
//   gx::Device device("kernels.so");             // or a .fatbin
//   auto x = device.upload(values);              // gx::Buffer<float>
//   auto y = device.allocate<float>(n);
//   device.launch("gx_probe_axpy_f32", {blocks}, {256}, 0, 2.0f, x, y, (long long)n);
//   std::vector<float> out = y.download();
#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

extern "C" {
int cuInit(unsigned);
int cuDeviceGet(int*, int);
int cuDevicePrimaryCtxRetain(void**, int);
int cuDevicePrimaryCtxRelease_v2(int);
int cuCtxSetCurrent(void*);
int cuCtxSynchronize();
int cuMemAlloc_v2(unsigned long long*, size_t);
int cuMemFree_v2(unsigned long long);
int cuMemcpyHtoD_v2(unsigned long long, const void*, size_t);
int cuMemcpyDtoH_v2(void*, unsigned long long, size_t);
int cuModuleLoadData(void**, const void*);
int cuModuleGetFunction(void**, void*, const char*);
int cuFuncSetAttribute(void*, int, int);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*,
                   void**, void**);
int cuGetErrorName(int, const char**);
int cuEventCreate(void**, unsigned);
int cuEventRecord(void*, void*);
int cuEventSynchronize(void*);
int cuEventElapsedTime(float*, void*, void*);
__attribute__((weak)) const char* gxEmulatorReport();
__attribute__((weak)) int gxEmulatorOption(const char*, unsigned long long);
}

namespace gx {

inline void check(int code, const std::string& call) {
  if (!code) return;
  const char* name = nullptr;
  cuGetErrorName(code, &name);
  fprintf(stderr, "%s: %s (%d)\n", call.c_str(), name ? name : "?", code);
  if (gxEmulatorReport) fprintf(stderr, "  %s\n", gxEmulatorReport());
  exit(1);
}

template <class T>
class Buffer {
 public:
  explicit Buffer(size_t count) : count_(count) { check(cuMemAlloc_v2(&address_, count * sizeof(T)), "cuMemAlloc"); }
  Buffer(Buffer&& o) noexcept : address_(o.address_), count_(o.count_) { o.address_ = 0; }
  Buffer(const Buffer&) = delete;
  ~Buffer() {
    if (address_) cuMemFree_v2(address_);
  }
  void upload(const std::vector<T>& v) { check(cuMemcpyHtoD_v2(address_, v.data(), v.size() * sizeof(T)), "cuMemcpyHtoD"); }
  std::vector<T> download() const {
    std::vector<T> v(count_);
    check(cuMemcpyDtoH_v2(v.data(), address_, count_ * sizeof(T)), "cuMemcpyDtoH");
    return v;
  }
  unsigned long long address() const { return address_; }
  size_t size() const { return count_; }

 private:
  unsigned long long address_ = 0;
  size_t count_;
};

struct Shape {
  unsigned x = 1, y = 1, z = 1;
};

class Device {
 public:
  explicit Device(const std::string& image) {
    check(cuInit(0), "cuInit");
    int device = 0;
    check(cuDeviceGet(&device, 0), "cuDeviceGet");
    void* context = nullptr;
    check(cuDevicePrimaryCtxRetain(&context, device), "cuDevicePrimaryCtxRetain");
    check(cuCtxSetCurrent(context), "cuCtxSetCurrent");
    if (const char* seed = getenv("GEODEX_EMULATOR_SEED"); seed && gxEmulatorOption) {
      gxEmulatorOption("seed", strtoull(seed, nullptr, 10));
    }
    std::ifstream in(image, std::ios::binary);
    std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
    if (bytes.empty()) {
      fprintf(stderr, "%s: cannot be read\n", image.c_str());
      exit(1);
    }
    check(cuModuleLoadData(&module_, bytes.data()), "cuModuleLoadData");
  }

  template <class T>
  Buffer<T> allocate(size_t count) { return Buffer<T>(count); }
  template <class T>
  Buffer<T> upload(const std::vector<T>& v) {
    Buffer<T> b(v.size());
    b.upload(v);
    return b;
  }

  // Launches and waits.
  template <class... A>
  void launch(const std::string& name, Shape grid, Shape block, unsigned shared, const A&... arguments) {
    enqueue(name, grid, block, shared, arguments...);
    check(cuCtxSynchronize(), name);
  }

  // Milliseconds of one launch, by events.
  template <class... A>
  float time(const std::string& name, Shape grid, Shape block, unsigned shared, const A&... arguments) {
    void *start, *end;
    check(cuEventCreate(&start, 0), "cuEventCreate");
    check(cuEventCreate(&end, 0), "cuEventCreate");
    check(cuEventRecord(start, nullptr), "cuEventRecord");
    enqueue(name, grid, block, shared, arguments...);
    check(cuEventRecord(end, nullptr), "cuEventRecord");
    check(cuEventSynchronize(end), name);
    float ms = 0;
    check(cuEventElapsedTime(&ms, start, end), "cuEventElapsedTime");
    return ms;
  }

 private:
  template <class T>
  static T value(const T& v) {
    static_assert(std::is_arithmetic_v<T>, "a kernel takes numbers and buffers");
    return v;
  }
  template <class T>
  static unsigned long long value(const Buffer<T>& b) { return b.address(); }

  template <class... V>
  void call(void* function, const std::string& name, Shape g, Shape b, unsigned shared, V... values) {
    void* parameters[] = {&values..., nullptr};
    check(cuLaunchKernel(function, g.x, g.y, g.z, b.x, b.y, b.z, shared, nullptr, parameters, nullptr), name);
  }

  template <class... A>
  void enqueue(const std::string& name, Shape g, Shape b, unsigned shared, const A&... arguments) {
    void* function = nullptr;
    check(cuModuleGetFunction(&function, module_, name.c_str()), "cuModuleGetFunction " + name);
    if (shared > 48 << 10) check(cuFuncSetAttribute(function, 8, int(shared)), "cuFuncSetAttribute");
    call(function, name, g, b, shared, value(arguments)...);
  }

  void* module_ = nullptr;
};

}  // namespace gx
