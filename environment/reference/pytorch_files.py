"""Writes small files of torch.save, as base64 with their values, for tests/Weights/Golden/pytorch_files.json.

Run with a stock PyTorch: python3 environment/reference/pytorch_files.py > tests/Weights/Golden/pytorch_files.json
"""
import argparse
import base64
import io
import json
import os
import struct
import sys
import types
import typing
import zipfile
from collections import OrderedDict

import numpy
import torch


numpies = {
    "epoch": numpy.int64(7), "best": numpy.float32(0.5), "flag": numpy.bool_(True), "name": numpy.str_("café"),
    "history": numpy.arange(6, dtype="<f4").reshape(2, 3), "fortran": numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
    "big": numpy.arange(3, dtype=">i4"),
}


def saved(value, zipped=True, **options):
    out = io.BytesIO()
    torch.save(value, out, _use_new_zipfile_serialization=zipped, **options)
    return out.getvalue()


def rewritten(data, method=zipfile.ZIP_STORED, extra=()):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        for name, content in extra:
            new.writestr(name, content)
    return out.getvalue()


def big_endian_legacy():
    kept = sys.byteorder
    sys.byteorder = "big"
    try:
        return saved({"w": torch.ones(2)}, zipped=False)
    finally:
        sys.byteorder = kept


def safetensors(tensors, names, metadata=None):
    """An independent writer: tensors in the order given, header not padded."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, tensor in tensors.items():
        raw = tensor.contiguous().view(torch.uint8).numpy().tobytes() if tensor.dim() else \
            tensor.reshape(1).view(torch.uint8).numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/this-must-never-exist",)


def configuration():
    """An object as OmegaConf 2 pickles its DictConfig: attributes with nodes, metadata that names classes, the parent in a circle."""
    made = {}
    for module, name in (("omegaconf.dictconfig", "DictConfig"), ("omegaconf.nodes", "AnyNode"), ("omegaconf.base", "ContainerMetadata"), ("config.structured", "ProjectConfig")):
        package = types.ModuleType(module)
        made[name] = type(name, (), {"__module__": module})
        setattr(package, name, made[name])
        sys.modules[module] = package
        sys.modules.setdefault(module.split(".")[0], types.ModuleType(module.split(".")[0]))

    def new(name, **attributes):
        it = made[name]()
        it.__dict__.update(attributes)
        return it
    top = new("DictConfig", _parent=None, _flags_cache=None)
    top._metadata = new("ContainerMetadata", ref_type=typing.Any, object_type=made["ProjectConfig"], key_type=str, element_type=typing.Any)
    top._content = {"lr": new("AnyNode", _val=2e-6, _parent=top), "run": new("AnyNode", _val="train", _parent=top)}
    return top


torch.manual_seed(5)
model = torch.nn.Sequential(OrderedDict(fc=torch.nn.Linear(3, 2), norm=torch.nn.BatchNorm1d(2)))
state = model.state_dict()
kinds = OrderedDict((str(t).split(".")[1], torch.tensor([0, 1, 2, 100]).to(t)) for t in [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
    torch.uint8, torch.bool])
base = torch.arange(12.0)
shared = {"whole": base, "row": base.view(3, 4)[1], "transposed": base.view(3, 4).t(), "scalar": base[7],
          "empty": torch.empty(0, 3), "diagonal": base.view(3, 4).diagonal()}
nested = {
    "model": state, "epoch": 3, "lr": 1e-3, "done": False, "nothing": None, "name": "café",
    "args": {"betas": (0.9, 0.999), "big": 2 ** 80, "negative": -5, "far": -2 ** 40, "set": {1, 2}, "list": [True, [1.5, "x"]],
             3: "three", "bytes": b"\x00\xff"},
    "size": torch.Size([2, 3]), "dtype": torch.float16, "device": torch.device("cuda", 1),
    "parameter": torch.nn.Parameter(torch.tensor([1.5, -2.5])),
}

files = {
    "state_zip": (saved(state), state),
    "state_legacy": (saved(state, zipped=False), state),
    "state_protocol4": (saved(state, pickle_protocol=4), state),
    "state_byteorder": (rewritten(saved(state), extra=[("archive/byteorder", "little")]), state),
    "kinds_zip": (saved(kinds), kinds),
    "kinds_legacy": (saved(kinds, zipped=False), kinds),
    "shared_zip": (saved(shared), shared),
    "shared_legacy": (saved(shared, zipped=False), shared),
    "nested_zip": (saved(nested), state),
    "nested_legacy": (saved(nested, zipped=False), state),
    "wrapped_state_dict": (saved({"state_dict": state, "optimizer": {"lr": 0.1}}), state),
    "ambiguous": (saved({"state_dict": state, "model": state}), None),
    "not_a_state": (saved({"model": {"w": torch.ones(1), "step": 3}}), None),
    "evil_zip": (saved({"w": torch.ones(1), "x": Evil()}), None),
    "evil_legacy": (saved({"w": torch.ones(1), "x": Evil()}, zipped=False), None),
    "namespace": (saved({"args": argparse.Namespace(lr=1)}), None),
    "module": (saved(torch.nn.Linear(1, 1)), None),
    "expanded": (saved({"w": torch.tensor([[1.0], [2.0]]).expand(2, 3), "zeros": torch.zeros(1).expand(4)}),
                 {"w": torch.tensor([[1.0] * 3, [2.0] * 3]), "zeros": torch.zeros(4)}),
    "numpy": (saved({"model": state, **numpies}), state),
    "numpy_protocol5": (saved({"model": state, **numpies}, pickle_protocol=5), state),
    "numpy_words": (saved({"model": state, "words": numpy.array(["a", "bc"])}), state),
    "configured": (saved({"model": state, "optimizer": {"state": {}}, "cfg": configuration(), "step": 3}), state),
    "configured_legacy": (saved({"model": state, "cfg": configuration()}, zipped=False), state),
    "configured_inside": (saved({"model": {"w": torch.ones(1), "cfg": configuration()}}), None),
    "evil_beside": (saved({"model": state, "x": Evil()}), state),
    "complex": (saved({"w": torch.zeros(1, dtype=torch.complex64)}), None),
    "deflated": (rewritten(saved({"w": torch.zeros(4000)}), zipfile.ZIP_DEFLATED), None),
    "big_endian_zip": (rewritten(saved(state), extra=[("archive/byteorder", "big")]), None),
    "big_endian_legacy": (big_endian_legacy(), None),
    "torchscript": (rewritten(saved(state), extra=[("archive/constants.pkl", "x")]), None),
}
safe_names = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
              torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}
safe = {**kinds, "matrix": base.view(3, 4), "scalar": base[7], "empty": torch.empty(0, 3)}
files["safetensors"] = (safetensors(safe, safe_names, {"format": "pt", "note": "café"}), safe)


def described(tensor):
    return {"dtype": str(tensor.dtype).split(".")[1], "shape": list(tensor.shape), "values": tensor.double().reshape(-1).tolist()}


print(json.dumps({"torch": torch.__version__, "files": {
    name: {"base64": base64.b64encode(data).decode(),
           "tensors": None if values is None else {k: described(v) for k, v in values.items()}}
    for name, (data, values) in files.items()}}))
