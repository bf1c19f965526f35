using System.Collections;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>
/// The batches of a data set. What a batch was made of, and with <c>disposeBatch</c> the batch itself, is disposed of when the next
/// one is asked for. Items are read one after another; <c>num_worker</c> is kept for TorchSharp's sake.
/// </summary>
public class DataLoader<T, S> : IEnumerable<S>, IDisposable
{
    private readonly Device? place;

    public DataLoader(utils.data.Dataset<T> dataset, int batchSize, Func<IEnumerable<T>, Device, S> collate_fn, IEnumerable<long> shuffler, Device? device = null, int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        this.dataset = dataset;
        batch_size = batchSize;
        this.collate_fn = collate_fn;
        sampler = shuffler;
        place = device;
        num_workers = Math.Max(num_worker, 1);
        this.drop_last = drop_last;
        DisposeBatch = disposeBatch;
        DisposeDataset = disposeDataset;
    }

    public DataLoader(utils.data.Dataset<T> dataset, int batchSize, Func<IEnumerable<T>, Device, S> collate_fn, bool shuffle = false, Device? device = null, int? seed = null, int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : this(dataset, batchSize, collate_fn, Order(dataset, shuffle, seed), device, num_worker, drop_last, disposeBatch, disposeDataset) { }

    public utils.data.Dataset<T> dataset { get; }
    public int batch_size { get; }
    public Func<IEnumerable<T>, Device, S> collate_fn { get; }
    public IEnumerable<long> sampler { get; }
    public int num_workers { get; }
    public bool drop_last { get; }
    public bool DisposeBatch { get; }
    public bool DisposeDataset { get; }
    public Device Device => place ?? get_default_device();

    /// <summary>The number of batches.</summary>
    public long Count => drop_last ? dataset.Count / batch_size : (dataset.Count + batch_size - 1) / batch_size;

    public IEnumerator<S> GetEnumerator()
    {
        IReadOnlyList<IDisposable> made = [];
        try
        {
            foreach (var numbers in sampler.Chunk(batch_size))
            {
                if (drop_last && numbers.Length < batch_size)
                {
                    yield break;
                }
                Free(made);
                S batch;
                (batch, made) = Make(numbers);
                yield return batch;
            }
        }
        finally
        {
            Free(made);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing && DisposeDataset)
        {
            dataset.Dispose();
        }
    }

    // Whatever comes into being meanwhile is the batch's; the caller's own scopes are not touched by what it does with it.
    private (S, IReadOnlyList<IDisposable>) Make(long[] numbers)
    {
        using var scope = NewDisposeScope();
        var batch = collate_fn(numbers.Select(dataset.GetTensor).ToList(), Device);
        return (batch, scope.Attach(scope.DisposablesView).Select(scope.Detach).ToList());
    }

    private void Free(IReadOnlyList<IDisposable> made)
    {
        if (!DisposeBatch)
        {
            return;
        }
        foreach (var item in made)
        {
            item.Dispose();
        }
    }

    // With a seed the same order each time; without one another each time.
    private static IEnumerable<long> Order(utils.data.Dataset<T> dataset, bool shuffle, int? seed)
    {
        var numbers = new long[dataset.Count];
        for (var i = 0L; i < numbers.Length; i++)
        {
            numbers[i] = i;
        }
        if (shuffle)
        {
            (seed is { } s ? new Random(s) : new Random()).Shuffle(numbers);
        }
        foreach (var number in numbers)
        {
            yield return number;
        }
    }
}

/// <summary>Batches of named tensors: those of one name stacked.</summary>
public class DataLoader : DataLoader<Dictionary<string, Tensor>, Dictionary<string, Tensor>>
{
    public DataLoader(utils.data.Dataset dataset, int batchSize, IEnumerable<long> shuffler, Device? device = null, int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : base(dataset, batchSize, Collate, shuffler, device, num_worker, drop_last, disposeBatch, disposeDataset) { }

    public DataLoader(utils.data.Dataset dataset, int batchSize, bool shuffle = false, Device? device = null, int? seed = null, int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : base(dataset, batchSize, Collate, shuffle, device, seed, num_worker, drop_last, disposeBatch, disposeDataset) { }

    private static Dictionary<string, Tensor> Collate(IEnumerable<Dictionary<string, Tensor>> items, Device device)
    {
        var all = items.ToList();
        return all[0].Keys.ToDictionary(key => key, key => stack(all.Select(item => item[key]).ToArray()).to(device));
    }
}

/// <summary>Batches of rows of tensors: those of one place stacked.</summary>
public class IterableDataLoader : DataLoader<IList<Tensor>, IList<Tensor>>
{
    public IterableDataLoader(utils.data.IterableDataset dataset, int batchSize, IEnumerable<long> shuffler, Device? device = null, int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : base(dataset, batchSize, Collate, shuffler, device, num_worker, drop_last, disposeBatch, disposeDataset) { }

    public IterableDataLoader(utils.data.IterableDataset dataset, int batchSize, bool shuffle = false, Device? device = null, int? seed = null, int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : base(dataset, batchSize, Collate, shuffle, device, seed, num_worker, drop_last, disposeBatch, disposeDataset) { }

    private static IList<Tensor> Collate(IEnumerable<IList<Tensor>> items, Device device)
    {
        var all = items.ToList();
        return Enumerable.Range(0, all[0].Count).Select(place => stack(all.Select(item => item[place]).ToArray()).to(device)).ToList();
    }
}

/// <summary>The rows of tensors of equal length.</summary>
public class TensorDataset : utils.data.IterableDataset
{
    private readonly Tensor[] tensors;

    internal TensorDataset(Tensor[] tensors)
    {
        if (tensors.Length == 0 || tensors.Any(t => t.dim() == 0 || t.shape[0] != tensors[0].shape[0]))
        {
            throw new ArgumentException("all tensors must have the same first dimension", nameof(tensors));
        }
        // Other objects for them: they live as long as the data set.
        this.tensors = Array.ConvertAll(tensors, t => t.alias().DetachFromDisposeScope());
    }

    public override long Count => tensors[0].shape[0];

    public IList<Tensor> this[long index] => GetTensor(index);

    public override IList<Tensor> GetTensor(long index) => Array.ConvertAll(tensors, t => t[index]);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var tensor in tensors)
            {
                tensor.Dispose();
            }
        }
    }
}
