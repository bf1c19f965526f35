using System.Collections;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Modules by name, in the order in which they came.</summary>
public class ModuleDict<T> : nn.Module, IDictionary<string, T>, IList<(string, T)> where T : nn.Module
{
    private readonly OrderedDict<string, T> items_ = [];

    public ModuleDict() : base(nameof(ModuleDict<T>)) { }

    internal ModuleDict((string, T)[] pairs) : this()
    {
        foreach (var pair in pairs)
        {
            Add(pair);
        }
    }

    public int Count => items_.Count;
    public bool IsReadOnly => false;
    public ICollection<string> Keys => items_.Keys;
    public ICollection<T> Values => items_.Values;

    public T this[string key]
    {
        get => items_[key];
        set
        {
            items_[key] = value;
            Renew();
        }
    }

    public (string, T) this[int index]
    {
        get => items_[index];
        set
        {
            items_[index] = value;
            Renew();
        }
    }

    public void Add(string key, T value)
    {
        items_.Add(key, value);
        register_module(key, value);
    }

    public void Add((string, T) item) => Add(item.Item1, item.Item2);
    public void Add(KeyValuePair<string, T> item) => Add(item.Key, item.Value);

    public void Insert(int index, (string, T) item)
    {
        items_.Insert(index, item);
        Renew();
    }

    public bool Remove(string key)
    {
        var found = items_.Remove(key);
        Renew();
        return found;
    }

    public bool Remove((string, T) item)
    {
        var found = items_.Remove(item);
        Renew();
        return found;
    }

    public bool Remove(KeyValuePair<string, T> item) => Remove((item.Key, item.Value));

    public void RemoveAt(int index)
    {
        items_.RemoveAt(index);
        Renew();
    }

    public void Clear()
    {
        items_.Clear();
        Renew();
    }

    public void clear() => Clear();
    public bool ContainsKey(string key) => items_.ContainsKey(key);
    public bool Contains((string, T) item) => items_.Contains(item);
    public bool Contains(KeyValuePair<string, T> item) => items_.Contains(item);
    public int IndexOf((string, T) item) => items_.IndexOf(item);
    public bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value) => items_.TryGetValue(key, out value);
    public void CopyTo((string, T)[] array, int arrayIndex) => items_.CopyTo(array, arrayIndex);
    public void CopyTo(KeyValuePair<string, T>[] array, int arrayIndex) => items_.CopyTo(array, arrayIndex);
    public IEnumerator<(string, T)> GetEnumerator() => items_.GetEnumerator();
    public IEnumerator<(string, T)> items() => items_.GetEnumerator();
    public IEnumerable<string> keys() => items_.keys();
    public IEnumerable<T> values() => items_.values();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    IEnumerator<KeyValuePair<string, T>> IEnumerable<KeyValuePair<string, T>>.GetEnumerator() => ((IEnumerable<KeyValuePair<string, T>>)items_).GetEnumerator();

    /// <summary>Nothing to do: items are registered as they come, under their keys.</summary>
    protected override void RegisterComponents() { }

    private void Renew()
    {
        ClearModules();
        foreach (var (key, value) in items_)
        {
            register_module(key, value);
        }
    }
}
