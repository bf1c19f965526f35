using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>A run of elements that tensors of a PyTorch file look into.</summary>
internal sealed record PickledStorage(string Key, ScalarType DType, long Elements)
{
    public long Bytes => Elements * SafeTensorsHeader.BytesOf(DType);
}

/// <summary>A tensor of a PyTorch file: a strided view of a storage, checked to lie inside it.</summary>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides);
