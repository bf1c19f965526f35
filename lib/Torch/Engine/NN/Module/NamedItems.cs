using System.Collections;

namespace TorchSharp;

/// <summary>Named things in the order of their registration. There are few of them, so a list is searched.</summary>
internal sealed class NamedItems<T> : IEnumerable<(string Name, T Value)> where T : class
{
    private readonly List<(string Name, T Value)> items = [];

    public int Count => items.Count;

    public (string Name, T Value) this[int index] => items[index];

    public T? Get(string name)
    {
        foreach (var (key, value) in items)
        {
            if (key == name)
            {
                return value;
            }
        }
        return null;
    }

    public void Add(string name, T value)
    {
        if (Get(name) is not null)
        {
            throw new InvalidOperationException($"a component named {name} is already registered");
        }
        items.Add((name, value));
    }

    /// <summary>Adds though the name may be there already; the first of a name is the one that <see cref="Get"/> finds.</summary>
    public void AddAnyway(string name, T value) => items.Add((name, value));

    /// <summary>Adds, or replaces what has the name, at its place.</summary>
    public void Put(string name, T value)
    {
        var at = items.FindIndex(item => item.Name == name);
        if (at < 0)
        {
            items.Add((name, value));
            return;
        }
        items[at] = (name, value);
    }

    public void Remove(string name) => items.RemoveAll(item => item.Name == name);

    public void Clear() => items.Clear();

    public List<(string Name, T Value)>.Enumerator GetEnumerator() => items.GetEnumerator();

    IEnumerator<(string Name, T Value)> IEnumerable<(string Name, T Value)>.GetEnumerator() => items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => items.GetEnumerator();
}
