using System.Collections;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Parameters by name, in the order in which they came.</summary>
public class ParameterDict : nn.Module, IDictionary<string, Parameter>, IList<(string, Parameter)>
{
    private readonly OrderedDict<string, Parameter> items_ = [];

    public ParameterDict() : base(nameof(ParameterDict)) { }

    internal ParameterDict((string, Parameter)[] pairs) : this()
    {
        foreach (var pair in pairs)
        {
            Add(pair);
        }
    }

    public int Count => items_.Count;
    public bool IsReadOnly => false;
    public ICollection<string> Keys => items_.Keys;
    public ICollection<Parameter> Values => items_.Values;

    public Parameter this[string key]
    {
        get => items_[key];
        set
        {
            items_[key] = value;
            Renew();
        }
    }

    public (string, Parameter) this[int index]
    {
        get => items_[index];
        set
        {
            items_[index] = value;
            Renew();
        }
    }

    public void Add(string key, Parameter value)
    {
        items_.Add(key, value);
        register_parameter(key, value);
    }

    public void Add((string, Parameter) item) => Add(item.Item1, item.Item2);
    public void Add(KeyValuePair<string, Parameter> item) => Add(item.Key, item.Value);

    public void Insert(int index, (string, Parameter) item)
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

    public bool Remove((string, Parameter) item)
    {
        return Contains(item) && Remove(item.Item1);
    }

    public bool Remove(KeyValuePair<string, Parameter> item) => Remove((item.Key, item.Value));

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
    public bool Contains((string, Parameter) item) => items_.TryGetValue(item.Item1, out var own) && ReferenceEquals(own, item.Item2);
    public bool Contains(KeyValuePair<string, Parameter> item) => Contains((item.Key, item.Value));
    public int IndexOf((string, Parameter) item) => Contains(item) ? items_.keys().ToList().IndexOf(item.Item1) : -1;
    public bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out Parameter value) => items_.TryGetValue(key, out value);
    public void CopyTo((string, Parameter)[] array, int arrayIndex) => items_.CopyTo(array, arrayIndex);
    public void CopyTo(KeyValuePair<string, Parameter>[] array, int arrayIndex) => items_.CopyTo(array, arrayIndex);
    public IEnumerator<(string, Parameter)> GetEnumerator() => items_.GetEnumerator();
    public IEnumerator<(string, Parameter)> items() => items_.GetEnumerator();
    public IEnumerable<string> keys() => items_.keys();
    public IEnumerable<Parameter> values() => items_.values();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    IEnumerator<KeyValuePair<string, Parameter>> IEnumerable<KeyValuePair<string, Parameter>>.GetEnumerator() => ((IEnumerable<KeyValuePair<string, Parameter>>)items_).GetEnumerator();

    /// <summary>Nothing to do: items are registered as they come, under their keys.</summary>
    protected override void RegisterComponents() { }

    private void Renew()
    {
        ClearParameters();
        foreach (var (key, value) in items_)
        {
            register_parameter(key, value);
        }
    }
}
