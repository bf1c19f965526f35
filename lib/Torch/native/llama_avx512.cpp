// The kernels of LLaMA's layers for processors with AVX-512 and its products in bfloat16 and bytes: vectors of sixteen.
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && defined(__AVX512BF16__) && defined(__AVX512VNNI__)
#define RETORT_WIDTH 16
#include "llama_vector.h"
const retort::LlamaKernels* retort::llama_avx512() { return table(); }
#else
#include "llama.h"
const retort::LlamaKernels* retort::llama_avx512() { return nullptr; }
#endif
