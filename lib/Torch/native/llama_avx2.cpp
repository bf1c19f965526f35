// The kernels of LLaMA's layers for processors with AVX2 and FMA: vectors of eight.
#if defined(__AVX2__) && defined(__FMA__)
#define RETORT_WIDTH 8
#include "llama_vector.h"
const retort::LlamaKernels* retort::llama_avx2() { return table(); }
#else
#include "llama.h"
const retort::LlamaKernels* retort::llama_avx2() { return nullptr; }
#endif
