using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

/// <summary>A tensor's memory, and files of one tensor.</summary>
public sealed class StorageTest
{
    [Fact]
    public void Storage_OfAPart_IsTheWholeMemory()
    {
        using var scope = NewDisposeScope();
        var x = arange(6, dtype: int32).reshape(2, 3);
        var storage = x[1].storage<int>();
        Assert.Equal(6, storage.Count);
        Assert.Equal(4, storage.element_size());
        Assert.Equal(24UL, storage.nbytes());
        Assert.Equal([0, 1, 2, 3, 4, 5], storage.ToArray());
        Assert.True(is_storage(storage) && !is_storage(x));
    }

    [Fact]
    public void Storage_WrittenTo_ChangesTheTensor()
    {
        using var scope = NewDisposeScope();
        var x = arange(6, dtype: float32);
        var storage = x.storage<float>();
        storage[2] = 20;
        storage[4..6] = 7;
        Assert.Equal([0f, 1, 20, 3, 7, 7], x.data<float>().ToArray());
        storage.fill_(1);
        Assert.Equal(6, x.sum().item<float>());
        Assert.ThrowsAny<Exception>(() => storage[6]);
    }

    [Fact]
    public void Storage_InAnotherType_IsACopy()
    {
        using var scope = NewDisposeScope();
        var x = arange(3, dtype: int64);
        var doubles = x.storage<long>().@double();
        doubles[0] = 9.5;
        Assert.Equal([9.5, 1, 2], doubles.ToArray());
        Assert.Equal([0L, 1, 2], x.data<long>().ToArray());
    }

    [Fact]
    public void Save_ThenLoad_GivesTheTensorBack()
    {
        using var file = new TemporaryFile(name: "x.pt");
        using var scope = NewDisposeScope();
        var path = file.Name;
        var x = linspace(-1, 1, 12, dtype: float32).reshape(3, 4);
        save(x, path);
        Assert.True(load(path).Equals(x));
        x.t().save(path);
        Assert.True(Tensor.load(path).Equals(x.t()));
    }
}
