// The one door between C# and libtorch: any ATen operator by schema name through the boxed dispatcher, and the few things
// that are not operators. A tensor handle is a TensorImpl* that owns one reference. Nothing throws across the border: a
// function that fails leaves its message for door_error() and returns -1 or null. Written for libtorch 1.13 to 2.x.
#include "door.h"

#include <ATen/core/Generator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <sstream>
#include <unordered_map>

thread_local std::string door::error;

namespace {

using namespace door;
using at::Tensor;
using c10::IValue;
using c10::TypeKind;
#ifdef DOOR_SINCE_2_4
template <class T> using Optional = std::optional<T>;
#else
template <class T> using Optional = c10::optional<T>;
#endif

// The C# side's Arg.Kind; results carry the same tags.
enum Tag : int32_t {
  Default, None, TensorTag, Int, Double, Bool, Complex, String, DeviceTag, GeneratorTag, Ints, Doubles, Bools, Tensors
};

struct Arg { int32_t tag; int32_t count; int64_t bits; double imaginary; };
using Ret = Arg;

// Gradients known to be zero come without memory; whoever reads them wants numbers.
Tensor solid(Tensor t) { return t.defined() && t._is_zerotensor() ? at::zeros(t.sizes(), t.options()) : t; }

double as_double(const Arg& a) { double d; std::memcpy(&d, &a.bits, sizeof d); return d; }

// An operator with its argument types reduced to one kind each.
struct Op {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<TypeKind> kinds, elements;  // the type inside an Optional; a list's element type
  std::vector<bool> optional_elements;
  std::vector<Optional<IValue>> defaults;

  explicit Op(c10::OperatorHandle h) : handle(h) {
    const auto& schema = h.schema();
    std::ostringstream text;
    text << schema.operator_name();
    name = text.str();
    for (const auto& a : schema.arguments()) {
      auto type = bare(a.type());
      auto element = type->kind() == TypeKind::ListType ? type->castRaw<c10::ListType>()->getElementType() : type;
      kinds.push_back(type->kind());
      optional_elements.push_back(element->kind() == TypeKind::OptionalType);
      elements.push_back(bare(element)->kind());
      defaults.push_back(a.default_value());
    }
  }

  static c10::TypePtr bare(c10::TypePtr t) {
    return t->kind() == TypeKind::OptionalType ? t->castRaw<c10::OptionalType>()->getElementType() : t;
  }

  [[noreturn]] void mismatch(size_t i, const Arg& a) const {
    std::ostringstream text;
    const auto& arg = handle.schema().arguments().at(i);
    static const char* names[] = {"default", "None", "Tensor", "int", "float", "bool", "complex", "str", "Device",
                                  "Generator", "int[]", "float[]", "bool[]", "Tensor[]"};
    text << name << "(): argument '" << arg.name() << "' (position " << i + 1 << ") must be " << arg.type()->str()
         << ", not " << names[a.tag];
    throw std::invalid_argument(text.str());
  }
};

// A list of scalars of the element type T from an array of From.
template <class T, class From>
IValue list_of(const From* p, int n) {
  c10::List<T> list;
  list.reserve(n);
  for (int i = 0; i < n; i++) list.push_back(static_cast<T>(p[i]));
  return list;
}

template <class From>
IValue number_list(const Op& op, size_t i, const Arg& a, const From* p, int n) {
  switch (op.elements[i]) {
    case TypeKind::IntType:
    case TypeKind::SymIntType: return list_of<int64_t>(p, n);
    case TypeKind::FloatType: return list_of<double>(p, n);
    case TypeKind::BoolType: return list_of<bool>(p, n);
    default: op.mismatch(i, a);
  }
}

template <class T>
IValue number(const Op& op, size_t i, const Arg& a, T value) {
  switch (op.kinds[i]) {
    case TypeKind::ListType: return number_list(op, i, a, &value, 1);  // int[1]: one number stands for a list of it
    case TypeKind::FloatType: return static_cast<double>(value);
    case TypeKind::NumberType: return value;
    case TypeKind::BoolType:
      if (!std::is_same<T, double>::value) return static_cast<bool>(value);
      break;
    case TypeKind::IntType:
    case TypeKind::SymIntType:
      if (!std::is_same<T, double>::value) return static_cast<int64_t>(value);
      break;
    default: break;
  }
  op.mismatch(i, a);
}

IValue tensor_list(const Op& op, size_t i, const Arg& a) {
  auto p = reinterpret_cast<c10::TensorImpl**>(a.bits);
  if (op.kinds[i] != TypeKind::ListType || op.elements[i] != TypeKind::TensorType) op.mismatch(i, a);
  if (op.optional_elements[i]) {
    c10::List<Optional<Tensor>> list;
    list.reserve(a.count);
    for (int k = 0; k < a.count; k++)
      list.push_back(p[k] ? Optional<Tensor>(borrow(p[k])) : Optional<Tensor>());
    return list;
  }
  c10::List<Tensor> list;
  list.reserve(a.count);
  for (int k = 0; k < a.count; k++) list.push_back(borrow(p[k]));
  return list;
}

IValue value_of(const Op& op, size_t i, const Arg& a) {
  switch (a.tag) {
    case None: return IValue();
    case TensorTag:
      if (op.kinds[i] != TypeKind::TensorType) op.mismatch(i, a);
      return borrow(reinterpret_cast<c10::TensorImpl*>(a.bits));
    case Int: return number<int64_t>(op, i, a, a.bits);
    case Double: return number<double>(op, i, a, as_double(a));
    case Bool: return number<bool>(op, i, a, a.bits != 0);
    case Complex:
      if (op.kinds[i] != TypeKind::NumberType) op.mismatch(i, a);
      return c10::complex<double>(as_double(a), a.imaginary);
    case String:
      if (op.kinds[i] != TypeKind::StringType) op.mismatch(i, a);
      return std::string(reinterpret_cast<const char*>(a.bits), a.count);
    case DeviceTag:
      if (op.kinds[i] != TypeKind::DeviceObjType) op.mismatch(i, a);
      return c10::Device(static_cast<c10::DeviceType>(a.bits >> 32), static_cast<c10::DeviceIndex>(static_cast<int32_t>(a.bits)));
    case GeneratorTag:
      if (op.kinds[i] != TypeKind::GeneratorType) op.mismatch(i, a);
      return at::Generator(c10::intrusive_ptr<c10::GeneratorImpl>::reclaim_copy(reinterpret_cast<c10::GeneratorImpl*>(a.bits)));
    case Ints: case Doubles: case Bools:
      if (op.kinds[i] != TypeKind::ListType) op.mismatch(i, a);
      if (a.tag == Ints) return number_list(op, i, a, reinterpret_cast<int64_t*>(a.bits), a.count);
      if (a.tag == Doubles) return number_list(op, i, a, reinterpret_cast<double*>(a.bits), a.count);
      return number_list(op, i, a, reinterpret_cast<bool*>(a.bits), a.count);
    case Tensors: return tensor_list(op, i, a);
    default: op.mismatch(i, a);
  }
}

Ret result_of(IValue&& v) {
  if (v.isTensor()) return {TensorTag, 0, reinterpret_cast<int64_t>(give(std::move(v).toTensor())), 0};
  if (v.isInt()) return {Int, 0, v.toInt(), 0};
  if (v.isBool()) return {Bool, 0, v.toBool(), 0};
  if (v.isNone()) return {None, 0, 0, 0};
  if (v.isDouble() || v.isComplexDouble()) {
    c10::complex<double> z = v.isDouble() ? c10::complex<double>(v.toDouble(), 0) : v.toComplexDouble();
    Ret r{v.isDouble() ? Double : Complex, 0, 0, z.imag()};
    double real = z.real();
    std::memcpy(&r.bits, &real, sizeof real);
    return r;
  }
  if (v.isTensorList()) {
    auto list = v.toTensorVector();
    auto p = static_cast<c10::TensorImpl**>(std::malloc(sizeof(void*) * (list.size() + 1)));
    for (size_t k = 0; k < list.size(); k++) p[k] = give(std::move(list[k]));
    return {Tensors, static_cast<int32_t>(list.size()), reinterpret_cast<int64_t>(p), 0};
  }
  throw std::invalid_argument("no way to return a " + v.tagKind());
}

// Lets go of what result_of handed out.
void take_back(const Ret& r) {
  if (r.tag == TensorTag && r.bits) Owner::reclaim(reinterpret_cast<c10::TensorImpl*>(r.bits));
  if (r.tag != Tensors) return;
  auto p = reinterpret_cast<c10::TensorImpl**>(r.bits);
  for (int k = 0; k < r.count; k++)
    if (p[k]) Owner::reclaim(p[k]);
  std::free(p);
}

std::vector<Tensor> borrow_all(c10::TensorImpl** p, int n) {
  std::vector<Tensor> all;
  for (int i = 0; p && i < n; i++) all.push_back(borrow(p[i]));
  return all;
}

}  // namespace

DOOR const char* door_error() { return error.c_str(); }
DOOR const char* door_version() { return TORCH_VERSION; }
DOOR void door_free_array(void* p) { std::free(p); }

// One Op for each name, for the life of the process.
DOOR Op* door_find(const char* name, const char* overload) {
  static auto& known = *new std::unordered_map<std::string, std::unique_ptr<Op>>;
  static auto& lock = *new std::mutex;
  return guarded<Op*>(nullptr, [&] {
    std::lock_guard<std::mutex> hold(lock);
    auto& op = known[std::string(name) + '.' + overload];
    if (!op) op = std::make_unique<Op>(c10::Dispatcher::singleton().findSchemaOrThrow(name, overload));
    return op.get();
  });
}

DOOR int door_call(Op* op, const Arg* args, int count, Ret* returned, int capacity) {
  static thread_local torch::jit::Stack spare;  // its memory serves the next call; a nested call makes its own
  return guarded(-1, [&] {
    torch::jit::Stack stack;
    stack.swap(spare);
    stack.clear();
    size_t n = op->kinds.size();
    if (static_cast<size_t>(count) > n) throw std::invalid_argument(op->name + "() takes " + std::to_string(n) + " arguments");
    for (size_t i = 0; i < n; i++) {
      if (i < static_cast<size_t>(count) && args[i].tag != Default) {
        stack.push_back(value_of(*op, i, args[i]));
      } else {
        if (!op->defaults[i])
          throw std::invalid_argument(op->name + "() missing argument '" + op->handle.schema().arguments()[i].name() + "'");
        stack.push_back(*op->defaults[i]);
      }
    }
    op->handle.callBoxed(&stack);
    int results = static_cast<int>(stack.size());
    int i = 0;
    try {
      for (; i < results && i < capacity; i++) returned[i] = result_of(std::move(stack[i]));
    } catch (...) {
      while (--i >= 0) take_back(returned[i]);
      throw;
    }
    stack.clear();
    stack.swap(spare);
    return results;
  });
}

DOOR char* door_schemas(const char* prefix) {
  return guarded<char*>(nullptr, [&] {
    std::ostringstream text;
    for (const auto& name : c10::Dispatcher::singleton().getAllOpNames()) {
      if (name.name.rfind(prefix, 0) != 0) continue;
      auto op = c10::Dispatcher::singleton().findOp(name);
      if (op && op->hasSchema()) text << op->schema() << '\n';
    }
    return strdup(text.str().c_str());
  });
}

DOOR void door_free(c10::TensorImpl* t) { guarded(0, [&] { Owner::reclaim(t); return 0; }); }
DOOR c10::TensorImpl* door_share(c10::TensorImpl* t) { return Owner::reclaim_copy(t).release(); }

DOOR int door_dim(c10::TensorImpl* t) { return guarded(-1, [&] { return static_cast<int>(t->dim()); }); }
DOOR int64_t door_numel(c10::TensorImpl* t) { return guarded<int64_t>(-1, [&] { return t->numel(); }); }
DOOR int64_t door_storage_offset(c10::TensorImpl* t) { return guarded<int64_t>(-1, [&] { return t->storage_offset(); }); }

DOOR int door_sizes(c10::TensorImpl* t, int which, int64_t* into) {
  return guarded(-1, [&] {
    auto from = which == 0 ? t->sizes() : t->strides();
    std::copy(from.begin(), from.end(), into);
    return 0;
  });
}

// dtype | device type << 8 | (device index + 1) << 16 | flags << 24: 1 requires_grad, 2 contiguous, 4 strided, 8 conj, 16 neg
DOOR int door_facts(c10::TensorImpl* t) {
  return guarded(-1, [&] {
    bool strided = t->layout() == c10::kStrided;
    int flags = t->requires_grad() | (strided && t->is_contiguous()) << 1 | strided << 2 |
                t->key_set().has(c10::DispatchKey::Conjugate) << 3 | t->key_set().has(c10::DispatchKey::Negative) << 4;
    auto device = t->device();
    return static_cast<int>(c10::typeMetaToScalarType(t->dtype())) | static_cast<int>(device.type()) << 8 |
           (device.index() + 1) << 16 | flags << 24;
  });
}

DOOR void* door_data(c10::TensorImpl* t, int64_t* storage_bytes) {
  return guarded<void*>(nullptr, [&] {
    Tensor x = borrow(t);
    *storage_bytes = static_cast<int64_t>(x.storage().nbytes());
    void* p = x.data_ptr();
    if (!p && x.numel() > 0) throw std::runtime_error("this tensor has no memory of its own");
    return p ? p : reinterpret_cast<void*>(8);  // an empty tensor: any address but null
  });
}

DOOR c10::TensorImpl* door_from_bytes(const void* data, const int64_t* sizes, int dim, int dtype) {
  return guarded<c10::TensorImpl*>(nullptr, [&] {
    Tensor x = at::empty(at::IntArrayRef(sizes, dim), at::TensorOptions().dtype(static_cast<c10::ScalarType>(dtype)));
    if (x.nbytes()) std::memcpy(x.data_ptr(), data, x.nbytes());
    return give(std::move(x));
  });
}

DOOR c10::TensorImpl* door_from_blob(void* data, const int64_t* sizes, int dim, int dtype, void (*release)(void*), void* context) {
  return guarded<c10::TensorImpl*>(nullptr, [&] {
    auto options = at::TensorOptions().dtype(static_cast<c10::ScalarType>(dtype));
    return give(at::from_blob(data, at::IntArrayRef(sizes, dim), [=](void*) { if (release) release(context); }, options));
  });
}

DOOR int door_set_requires_grad(c10::TensorImpl* t, int on) {
  return guarded(-1, [&] { borrow(t).set_requires_grad(on != 0); return 0; });
}

DOOR c10::TensorImpl* door_grad(c10::TensorImpl* t) {
  return guarded<c10::TensorImpl*>(nullptr, [&] { error.clear(); return give(solid(borrow(t).mutable_grad())); });
}

DOOR int door_set_grad(c10::TensorImpl* t, c10::TensorImpl* grad) {
  return guarded(-1, [&] { borrow(t).mutable_grad() = borrow(grad); return 0; });
}

// flags: 1 retain the graph, 2 create a graph, 4 unused inputs are allowed
DOOR int door_backward(c10::TensorImpl** roots, c10::TensorImpl** seeds, int root_count, c10::TensorImpl** inputs,
                       int input_count, int flags, c10::TensorImpl** results) {
  return guarded(-1, [&] {
    bool keep = flags & 1, create = flags & 2;
    auto outputs = borrow_all(roots, root_count), grads = borrow_all(seeds, root_count), leaves = borrow_all(inputs, input_count);
    if (!results) {
      torch::autograd::backward(outputs, grads, keep, create, leaves);
      return 0;
    }
    auto found = torch::autograd::grad(outputs, leaves, grads, keep, create, (flags & 4) != 0);
    for (size_t i = 0; i < found.size(); i++) results[i] = give(solid(std::move(found[i])));
    return 0;
  });
}
