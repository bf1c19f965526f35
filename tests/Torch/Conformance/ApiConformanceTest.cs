using System.Text.RegularExpressions;

namespace Retort.Tests.Torch.Conformance;

/// <summary>What Retort.Torch puts into TorchSharp's namespaces is found there, member by member, in TorchSharp 0.107.</summary>
public sealed partial class ApiConformanceTest
{
    [GeneratedRegex(@"^((?:static |abstract |sealed )?(?:class|struct|enum|interface|delegate)) (\S+(?:<[^:]*>)?)(?: : (.*))?$")]
    private static partial Regex Header();

    private static Dictionary<string, (string Kind, string Base, HashSet<string> Members)> ReadApi()
    {
        var api = new Dictionary<string, (string, string, HashSet<string>)>();
        HashSet<string> members = [];
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Torch", "Conformance", "torchsharp-0.107.txt")))
        {
            if (line.StartsWith(' '))
            {
                members.Add(line.Trim());
                continue;
            }
            var header = Header().Match(line);
            Assert.True(header.Success, line);
            members = [];
            api[header.Groups[2].Value] = (header.Groups[1].Value, header.Groups[3].Value, members);
        }
        return api;
    }

    /// <summary>
    /// missing-0.107.txt says what TorchSharp 0.107 has and this engine has not: a type on a line of its own, or a member of a type
    /// that is here. With RETORT_UPDATE=1 the test writes the file anew.
    /// </summary>
    [Fact]
    public void MembersOfTorchSharp_ThatAreMissing_AreThoseOfTheList()
    {
        var types = typeof(TorchSharp.torch).Assembly.GetTypes().Where(t => t.IsVisible && t.Namespace?.StartsWith("TorchSharp") == true)
            .ToDictionary(PublicApi.FullName);
        var missing = new List<string>();
        foreach (var (name, theirs) in ReadApi().OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (!types.TryGetValue(name, out var type))
            {
                missing.Add($"type {name}");
                continue;
            }
            var ours = new HashSet<string>();
            for (var at = type; at is not null && at != typeof(object); at = at.BaseType)
            {
                ours.UnionWith(PublicApi.Members(at.IsGenericType ? at.GetGenericTypeDefinition() : at));
            }
            var values = type.IsEnum ? Enum.GetNames(type).ToHashSet() : null;
            missing.AddRange(theirs.Members.Where(m => values is null ? !ours.Contains(m) : !values.Contains(m.Split(' ')[^1]))
                .Order(StringComparer.Ordinal).Select(member => $"{name}: {member}"));
        }
        var file = Path.Combine("tests", "Torch", "Conformance", "missing-0.107.txt");
        var path = Path.Combine(Repository.Root, file);
        if (Environment.GetEnvironmentVariable("RETORT_UPDATE") == "1")
        {
            File.WriteAllLines(path, missing);
        }
        var listed = File.ReadLines(path).ToList();
        var gone = missing.Except(listed).ToList();
        var come = listed.Except(missing).ToList();
        Assert.True(gone.Count + come.Count == 0, $"{file} is not true any more (RETORT_UPDATE=1 writes it anew).\n"
            + $"Missing and not listed, {gone.Count}:\n{string.Join('\n', gone.Take(30))}\nListed and there, {come.Count}:\n{string.Join('\n', come.Take(30))}");
    }

    [Fact]
    public void PublicMembers_OfEveryTorchSharpType_AreTorchSharps()
    {
        var api = ReadApi();
        var strangers = new List<string>();
        var seen = 0;
        var types = typeof(TorchSharp.torch).Assembly.GetTypes().Where(t => t.IsVisible && t.Namespace?.StartsWith("TorchSharp") == true);
        foreach (var type in types)
        {
            var name = PublicApi.FullName(type);
            if (!api.TryGetValue(name, out var theirs))
            {
                strangers.Add($"type {name}");
                continue;
            }
            if (PublicApi.Kind(type) != theirs.Kind)
            {
                strangers.Add($"{name} is a {PublicApi.Kind(type)}, TorchSharp's is a {theirs.Kind}");
            }
            if (type.IsEnum)
            {
                strangers.AddRange(Enum.GetNames(type).Where(value => !theirs.Members.Any(m => m.EndsWith(" " + value))).Select(value => $"{name}.{value}"));
                continue;
            }
            // The list has a delegate's name and not what the compiler makes of it.
            foreach (var member in theirs.Kind == "delegate" ? [] : PublicApi.Members(type))
            {
                seen++;
                if (!InTypeOrBase(type, member))
                {
                    strangers.Add($"{name}: {member}");
                }
            }
        }
        Assert.True(seen > 1000, $"only {seen} members were compared");
        Assert.True(strangers.Count == 0, $"{strangers.Count} of {seen} members are not in TorchSharp 0.107:\n{string.Join('\n', strangers)}");

        // An override is listed where TorchSharp overrides; ours may sit at another level of the same family.
        bool InTypeOrBase(Type type, string member)
        {
            for (var t = type; t is not null && t != typeof(object); t = t.BaseType)
            {
                var name = PublicApi.FullName(t.IsGenericType ? t.GetGenericTypeDefinition() : t);
                if (api.TryGetValue(name, out var theirs) && theirs.Members.Contains(member))
                {
                    return true;
                }
            }
            // Overrides of object's own members add nothing to the surface.
            return type.BaseType is not null && (member is "string ToString()" or "bool Equals(object obj)" or "int GetHashCode()" or "protected void Finalize()");
        }
    }
}
