// A stand-in for libnvrtc.so.13 in tests of the compilation at first use: takes what it is given,
// checks that sources and headers are whole, and answers with the emulator's kernel library, whose
// path stands in GEODEX_TEST_KERNELS, as the "cubin".

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {
struct Program {
  std::string source, log;
  std::vector<std::string> names, headers;
  std::vector<char> cubin;
};
}  // namespace

#define GX_API extern "C" __attribute__((visibility("default"))) int

GX_API nvrtcCreateProgram(Program** out, const char* source, const char*, int count,
                          const char* const* headers, const char* const* names) {
  *out = new Program{source, "", {names, names + count}, {headers, headers + count}, {}};
  return 0;
}

GX_API nvrtcCompileProgram(Program* p, int count, const char* const* options) {
  bool architecture = false;
  for (int i = 0; i < count; i++) architecture |= !strcmp(options[i], "--gpu-architecture=sm_90");
  // Every quoted include must be among the headers.
  for (size_t at = 0; (at = p->source.find("#include \"", at)) != std::string::npos; at++) {
    size_t from = at + 10;
    std::string name = p->source.substr(from, p->source.find('"', from) - from);
    bool found = false;
    for (const std::string& n : p->names) found |= n == name;
    if (!found) p->log += "no header " + name + "\n";
  }
  const char* path = getenv("GEODEX_TEST_KERNELS");
  if (!architecture) p->log += "no architecture\n";
  if (!path) p->log += "error: planted compile error\n";
  if (!p->log.empty()) return 6;
  std::ifstream in(path, std::ios::binary);
  p->cubin.assign(std::istreambuf_iterator<char>(in), {});
  return 0;
}

GX_API nvrtcGetCUBINSize(Program* p, size_t* size) {
  *size = p->cubin.size();
  return 0;
}
GX_API nvrtcGetCUBIN(Program* p, char* out) {
  memcpy(out, p->cubin.data(), p->cubin.size());
  return 0;
}
GX_API nvrtcGetProgramLogSize(Program* p, size_t* size) {
  *size = p->log.size();
  return 0;
}
GX_API nvrtcGetProgramLog(Program* p, char* out) {
  memcpy(out, p->log.data(), p->log.size());
  return 0;
}
GX_API nvrtcDestroyProgram(Program** p) {
  delete *p;
  *p = nullptr;
  return 0;
}
