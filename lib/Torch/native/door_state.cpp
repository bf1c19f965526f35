// The state of the thread and the process that operators read: grad mode, autocast, generators, threads, CUDA.
#include "door.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/Generator.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/anomaly_mode.h>

#include <dlfcn.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include <mutex>

using namespace door;

namespace {

at::Generator generator_of(c10::GeneratorImpl* g) {
  return at::Generator(c10::intrusive_ptr<c10::GeneratorImpl>::reclaim_copy(g));
}

c10::GeneratorImpl* give(const at::Generator& g) { auto p = g.getIntrusivePtr(); return p.release(); }

}  // namespace

// which: 0 grad mode, 1 anomaly mode, 2 its check for NaN, 3 deterministic, 4 only warns, 5 TF32 of matmul, 6 of cuDNN,
// 8 inference mode (read only), 9 cuDNN present (read only), 10 flash, 11 math attention
DOOR int door_switch(int which, int value) {
  return guarded(-1, [&]() -> int {
    auto& c = at::globalContext();
    bool set = value >= 0, on = value > 0, old = false;
    switch (which) {
      case 0: old = c10::GradMode::is_enabled(); if (set) c10::GradMode::set_enabled(on); break;
#if TORCH_VERSION_MAJOR >= 2
      case 1: old = torch::autograd::AnomalyMode::is_enabled(); if (set) torch::autograd::AnomalyMode::set_enabled(on, torch::autograd::AnomalyMode::should_check_nan()); break;
      case 2: old = torch::autograd::AnomalyMode::should_check_nan(); if (set) torch::autograd::AnomalyMode::set_enabled(torch::autograd::AnomalyMode::is_enabled(), on); break;
      case 10: old = c.userEnabledFlashSDP(); if (set) c.setSDPUseFlash(on); break;
      case 11: old = c.userEnabledMathSDP(); if (set) c.setSDPUseMath(on); break;
#else
      case 1: old = torch::autograd::AnomalyMode::is_enabled(); if (set) torch::autograd::AnomalyMode::set_enabled(on); break;
      case 2: old = true; if (set && !on) throw std::invalid_argument("this libtorch always looks for NaN when it looks for anomalies"); break;
#endif
      case 3: old = c.deterministicAlgorithms(); if (set) c.setDeterministicAlgorithms(on, c.deterministicAlgorithmsWarnOnly()); break;
      case 4: old = c.deterministicAlgorithmsWarnOnly(); if (set) c.setDeterministicAlgorithms(c.deterministicAlgorithms(), on); break;
      case 5: old = c.allowTF32CuBLAS(); if (set) c.setAllowTF32CuBLAS(on); break;
      case 6: old = c.allowTF32CuDNN(); if (set) c.setAllowTF32CuDNN(on); break;
      case 8: old = c10::InferenceMode::is_enabled(); break;
      case 9: old = at::detail::getCUDAHooks().hasCuDNN(); break;
      default: throw std::invalid_argument("this libtorch has no such switch");
    }
    return old;
  });
}

DOOR c10::InferenceMode* door_inference_enter(int on) {
  return guarded<c10::InferenceMode*>(nullptr, [&] { return new c10::InferenceMode(on != 0); });
}
DOOR void door_inference_leave(c10::InferenceMode* guard) { delete guard; }

// what: 0 is it on, 1 switch it, 2 its dtype, 3 set the dtype. The cache of cast weights stays off: since 2.0 one serves the whole
// process, and a thread that leaves its scope empties it under the others, whose sums of gradients then differ.
DOOR int door_autocast(int device, int what, int value) {
  return guarded(-1, [&]() -> int {
    namespace ac = at::autocast;
    if (what == 1 && value != 0) ac::set_autocast_cache_enabled(false);
    auto dtype = static_cast<c10::ScalarType>(value);
#ifdef DOOR_SINCE_2_4
    auto type = static_cast<c10::DeviceType>(device);
    if (what == 0) return ac::is_autocast_enabled(type);
    if (what == 1) ac::set_autocast_enabled(type, value != 0);
    if (what == 2) return static_cast<int>(ac::get_autocast_dtype(type));
    if (what == 3) ac::set_autocast_dtype(type, dtype);
#else
    bool cuda = device != 0;
    if (what == 0) return cuda ? ac::is_enabled() : ac::is_cpu_enabled();
    if (what == 1) cuda ? ac::set_enabled(value != 0) : ac::set_cpu_enabled(value != 0);
    if (what == 2) return static_cast<int>(cuda ? ac::get_autocast_gpu_dtype() : ac::get_autocast_cpu_dtype());
    if (what == 3) cuda ? ac::set_autocast_gpu_dtype(dtype) : ac::set_autocast_cpu_dtype(dtype);
#endif
    return 0;
  });
}

DOOR void door_autocast_nesting(int step) {
  guarded(0, [&] {
    if (step > 0) at::autocast::increment_nesting();
    else if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    return 0;
  });
}

DOOR c10::GeneratorImpl* door_default_generator(int device, int index) {
  return guarded<c10::GeneratorImpl*>(nullptr, [&] {
    return give(at::globalContext().defaultGenerator(c10::Device(static_cast<c10::DeviceType>(device), static_cast<c10::DeviceIndex>(index))));
  });
}

DOOR c10::GeneratorImpl* door_generator(int device, int index, int64_t seed) {
  return guarded<c10::GeneratorImpl*>(nullptr, [&] {
    auto main = at::globalContext().defaultGenerator(c10::Device(static_cast<c10::DeviceType>(device), static_cast<c10::DeviceIndex>(index)));
    at::Generator fresh;
    {
      std::lock_guard<std::mutex> lock(main.mutex());
      fresh = main.clone();
    }
    fresh.set_current_seed(static_cast<uint64_t>(seed));
    return give(fresh);
  });
}

DOOR void door_generator_free(c10::GeneratorImpl* g) {
  guarded(0, [&] { c10::intrusive_ptr<c10::GeneratorImpl>::reclaim(g); return 0; });
}

DOOR int64_t door_generator_seed(c10::GeneratorImpl* g, int what, int64_t seed) {
  return guarded<int64_t>(-1, [&]() -> int64_t {
    auto gen = generator_of(g);
    std::lock_guard<std::mutex> lock(gen.mutex());
    if (what == 0) { gen.set_current_seed(static_cast<uint64_t>(seed)); return seed; }
    return static_cast<int64_t>(what == 1 ? gen.current_seed() : gen.seed());
  });
}

DOOR c10::TensorImpl* door_generator_state(c10::GeneratorImpl* g, c10::TensorImpl* state) {
  return guarded<c10::TensorImpl*>(nullptr, [&] {
    auto gen = generator_of(g);
    std::lock_guard<std::mutex> lock(gen.mutex());
    if (!state) return give(gen.get_state());
    gen.set_state(borrow(state));
    return state;
  });
}

// which: 0 intra-op of the process, 1 inter-op, 2 intra-op of the calling thread alone (OpenMP keeps that number per thread)
DOOR int door_threads(int set, int which) {
  return guarded(-1, [&] {
    static auto omp = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    int old = which == 1 ? at::get_num_interop_threads() : at::get_num_threads();
    if (set > 0) {
      if (which == 1) at::set_num_interop_threads(set);
      else if (which == 2 && omp) omp(set);
      else at::set_num_threads(set);
    }
    return old;
  });
}

DOOR int door_blas_threads(int set) {
  static auto put = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  static auto get = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
  if (!put || !get) return -1;
  int old = get();
  if (set > 0) put(set);
  return old;
}

// Whether the processor multiplies bfloat16 itself, by whatever instructions. (Which instructions our own kernels need is asked in
// kernels.cpp, by their names.)
DOOR int door_has_bfloat16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") || __builtin_cpu_supports("amx-bf16") ? 1 : 0;
#elif defined(__aarch64__)
  return (getauxval(AT_HWCAP2) >> 14 & 1) != 0;  // HWCAP2_BF16
#else
  return 0;
#endif
}

// How many primitives oneDNN keeps; 0 where it does not say (it may be a part of libtorch).
DOOR int door_keep_primitives(int count) {
  auto put = reinterpret_cast<int (*)(int)>(dlsym(RTLD_DEFAULT, "dnnl_set_primitive_cache_capacity"));
  return put && put(count) == 0 ? 1 : 0;
}

DOOR int door_cuda_count() { return guarded(0, [&] { return at::hasCUDA() ? static_cast<int>(at::getNumGPUs()) : 0; }); }

DOOR int door_cuda_synchronize(int index) {
  return guarded(-1, [&] {
    auto& hooks = at::detail::getCUDAHooks();
    hooks.deviceSynchronize(index >= 0 ? static_cast<c10::DeviceIndex>(index) : static_cast<c10::DeviceIndex>(hooks.current_device()));
    return 0;
  });
}
