// The smallest program on the harness: runs the probes and checks them.
#include <cmath>

#include "harness.h"

int main(int, char** argv) {
  gx::Device device(argv[1]);
  for (int n : {1, 255, 1023, 1024, 1025, 4099}) {
    std::vector<float> x(n), y(n);
    for (int i = 0; i < n; i++) x[i] = float(i), y[i] = 0.5f;
    auto dx = device.upload(x);
    auto dy = device.upload(y);
    unsigned blocks = unsigned((n + 1023) / 1024);
    device.launch("gx_probe_axpy_f32", {blocks}, {256}, 0, 2.0f, dx, dy, (long long)n);
    auto out = dy.download();
    for (int i = 0; i < n; i++) {
      if (out[i] != 2.0f * float(i) + 0.5f) return printf("axpy n=%d: out[%d] = %g\n", n, i, out[i]), 1;
    }
    auto dz = device.allocate<float>(n);
    device.launch("gx_probe_copy_f32", {blocks}, {256}, 0, dx, dz, (long long)n);
    if (dz.download() != x) return printf("copy n=%d\n", n), 1;
  }
  auto sums = device.allocate<float>(512);
  float ms = device.time("gx_probe_addmin_f32", {2}, {256}, 0, sums, 1.0f, 1000);
  printf("probes: fine; addmin %.2f ms\n", ms);
  return 0;
}
