// A result belongs to the code that made it. A function handed in by a notebook has no version; what it does is in its IL. So
// the hash walks the IL of the function and of everything it calls outside this library and the framework. Tokens, names of
// submissions and of compiled closures differ from run to run and from cell to cell: what they stand for is hashed in place of
// them. What a function captures is hashed by value.

using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace Retort.Training;

/// <summary>
/// A hash of what a function does: its code, the code of the reader's own functions and types that it uses, and the plain values
/// that it captures. Where the function was written (cell, line, name of a variable in another cell) does not count.
/// </summary>
/// <remarks>
/// The library's and the framework's own code counts by name, not by content: the library's version stands beside the hash where
/// results are kept. Of captured objects that are neither plain data, records, tensors, modules, functions nor
/// <see cref="IResultKey"/>, the type counts, and the modules and keys that its public properties give, such as an ensemble's members. Calls through an interface count for every type of the reader's that is made on the way.
/// </remarks>
public static class CodeHash
{
    /// <summary>The hash, 16 hexadecimal digits.</summary>
    /// <param name="function">a function of a cell, or of any assembly outside this library</param>
    /// <exception cref="ArgumentException">Its code cannot be read, as that of a compiled expression tree.</exception>
    public static string Of(Delegate function)
    {
        var walk = new Walk();
        walk.Function(function);
        return walk.Digest();
    }

    /// <summary>Whether code counts by content: neither the framework's, nor the tensor engine's, nor this library's or its host's.</summary>
    internal static bool IsReaders(Assembly assembly)
    {
        var name = assembly.GetName().Name ?? "";
        return !(name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal) || name.StartsWith("MathNet.", StringComparison.Ordinal)
            || name is "System" or "mscorlib" or "netstandard" or "TorchSharp" or "Retort" or "Retort.Torch" or "Retort.Notebook" or "retort-notebook");
    }

    private sealed class Walk
    {
        private readonly StringBuilder text = new();
        private readonly Dictionary<object, int> seen = new(ReferenceEqualityComparer.Instance);
        private readonly Dictionary<(MethodBase, Dictionary<Type, object>), int> methods = [];
        private readonly Dictionary<object, Dictionary<Type, object>> reachable = new(ReferenceEqualityComparer.Instance);
        private static readonly Dictionary<Type, object> nothing = [];
        private readonly HashSet<Type> types = [];
        private readonly Queue<(MethodBase Method, Dictionary<Type, object> Instances)> waiting = new();

        public string Digest() => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16].ToLowerInvariant();

        public void Function(Delegate function)
        {
            foreach (var one in function.GetInvocationList())
            {
                Of(one);
            }
            while (waiting.TryDequeue(out var next))
            {
                Body(next.Method, next.Instances);
            }
        }

        // A method of an object that has a key of its own, such as a pre-trained start's, counts with that key.
        private void Of(Delegate one)
        {
            if (one.Target is IResultKey)
            {
                Value(one.Target);
            }
            Call(one.Method, Reachable(one.Target));
        }

        // Methods are numbered in the order in which they are met, so that their own names do not count.
        private void Call(MethodBase method, Dictionary<Type, object> instances)
        {
            if (method is MethodInfo { IsGenericMethod: true } made)
            {
                text.Append('<').AppendJoin(',', made.GetGenericArguments().Select(Name)).Append('>');
            }
            if (method.DeclaringType is { } declaring && !IsReaders(declaring.Assembly))
            {
                text.Append("call ").Append(Name(declaring)).Append('.').Append(method.Name).Append('(').AppendJoin(',', method.GetParameters().Select(p => Name(p.ParameterType))).Append(");");
                return;
            }
            if (!methods.TryGetValue((method, instances), out var number))
            {
                methods[(method, instances)] = number = methods.Count;
                waiting.Enqueue((method, instances));
            }
            text.Append("own ").Append(number).Append(';');
        }

        private void Body(MethodBase method, Dictionary<Type, object> instances)
        {
            text.Append("\nmethod ").Append(methods[(method, instances)]).Append('(').AppendJoin(',', method.GetParameters().Select(p => Name(p.ParameterType))).Append(')');
            if (method.IsAbstract || (method.MethodImplementationFlags & (MethodImplAttributes.Runtime | MethodImplAttributes.InternalCall)) != 0)
            {
                text.Append(Name(method.DeclaringType!)).Append('.').Append(method.Name);
                return;
            }
            byte[]? il;
            try
            {
                il = method.GetMethodBody()?.GetILAsByteArray();
            }
            catch (InvalidOperationException e)
            {
                throw new ArgumentException($"the code of {method.Name} cannot be read, so that its results cannot be told from another's: {e.Message}", e);
            }
            foreach (var local in method.GetMethodBody()?.LocalVariables ?? [])
            {
                text.Append(Name(local.LocalType)).Append(',');
            }
            foreach (var (code, operand) in IlReader.Read(il ?? [], method))
            {
                if (code == OpCodes.Nop)
                {
                    continue;
                }
                text.Append(code.Name).Append(' ');
                switch (operand)
                {
                    case MethodBase called:
                        if (code == OpCodes.Newobj && called.DeclaringType is { } made)
                        {
                            Made(made, instances);
                        }
                        foreach (var argument in called.IsGenericMethod ? called.GetGenericArguments() : [])
                        {
                            Made(argument, instances);
                        }
                        Call(called, instances);
                        break;
                    case FieldInfo field:
                        Field(field, instances);
                        break;
                    case Type type:
                        Made(type, instances);
                        text.Append(Name(type)).Append(';');
                        break;
                    default:
                        text.Append(FormattableString.Invariant($"{operand}")).Append(';');
                        break;
                }
            }
        }

        // What is overridden may be called from outside, by an interface or a base class: it counts once its type is used.
        private void Made(Type type, Dictionary<Type, object> instances)
        {
            if (type.IsGenericParameter || !IsReaders(type.Assembly) || !types.Add(type) || IsHelper(type))
            {
                return;
            }
            foreach (var method in type.GetMethods(Every).Where(m => m.IsVirtual).OrderBy(m => m.Name, StringComparer.Ordinal).ThenBy(m => $"{m}", StringComparer.Ordinal))
            {
                text.Append(method.Name).Append('=');
                Call(method, instances);
            }
        }

        private void Field(FieldInfo field, Dictionary<Type, object> instances)
        {
            var declaring = field.DeclaringType!;
            if (!IsReaders(declaring.Assembly))
            {
                text.Append(Name(declaring)).Append('.').Append(field.Name).Append(';');
            }
            else if (IsHelper(declaring) || field.Name.StartsWith("<>", StringComparison.Ordinal) || IsSubmission(field.FieldType))
            {
                // The compiler's own: cached functions, the chain of submissions, constant data, whose name is a hash of its content.
                text.Append(declaring.Name.StartsWith("<PrivateImplementationDetails>", StringComparison.Ordinal) ? field.Name : "compiler's").Append(';');
            }
            else if (field.IsStatic)
            {
                text.Append("static ");
                Value(field.GetValue(null));
            }
            else if (instances.TryGetValue(declaring, out var instance))
            {
                text.Append("captured ");
                Value(field.GetValue(instance));
            }
            else
            {
                text.Append("field ").Append(Name(declaring)).Append('.').Append(field.Name).Append(';');
            }
        }

        public void Value(object? value)
        {
            if (value is null || value is string || value is decimal || value.GetType().IsPrimitive || value.GetType().IsEnum || value is DateTime or DateTimeOffset or TimeSpan or Guid)
            {
                var written = FormattableString.Invariant($"{value}");
                text.Append(value is null ? "null" : Name(value.GetType())).Append(' ').Append(written.Length).Append(':').Append(written).Append(';');
                return;
            }
            if (!value.GetType().IsValueType)
            {
                if (seen.TryGetValue(value, out var before))
                {
                    text.Append("again ").Append(before).Append(';');
                    return;
                }
                seen[value] = seen.Count;
            }
            switch (value)
            {
                case IResultKey keyed:
                    text.Append("key ").Append(keyed.ResultKey).Append(';');
                    break;
                case Type type:
                    Made(type, nothing);
                    text.Append("type ").Append(Name(type)).Append(';');
                    break;
                case Delegate function:
                    foreach (var one in function.GetInvocationList())
                    {
                        text.Append("function ");
                        Of(one);
                    }
                    break;
                case torch.Tensor tensor:
                    text.Append("tensor ").Append(TensorHash(tensor)).Append(';');
                    break;
                case torch.nn.Module module:
                    text.Append("module ").Append(Name(module.GetType())).Append(' ').Append(StateDict.Hash(module)).Append(';');
                    break;
                case System.Collections.IEnumerable many when !IsLazy(value.GetType()):
                    text.Append(Name(value.GetType())).Append('[');
                    foreach (var item in many)
                    {
                        Value(item);
                    }
                    text.Append(']');
                    break;
                default:
                    Members(value);
                    break;
            }
        }

        // Records, tuples and the reader's own types by their fields; the library's by the models and keyed data that they show; anything else by its type alone.
        private void Members(object value)
        {
            var type = value.GetType();
            text.Append(Name(type));
            if (IsReaders(type.Assembly) && !IsHelper(type) && !IsSubmission(type) || value is ITuple || IsRecord(type))
            {
                Made(type, Reachable(value));
                text.Append('{');
                for (var at = type; at is not null && at != typeof(object); at = at.BaseType)
                {
                    foreach (var field in at.GetFields(Every & ~BindingFlags.Static).OrderBy(f => f.Name, StringComparer.Ordinal))
                    {
                        text.Append(field.Name).Append('=');
                        Value(field.GetValue(value));
                    }
                }
                text.Append('}');
            }
            else if (type.Assembly == typeof(CodeHash).Assembly)
            {
                foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0).OrderBy(p => p.Name, StringComparer.Ordinal))
                {
                    if (typeof(IResultKey).IsAssignableFrom(property.PropertyType) || typeof(torch.nn.Module).IsAssignableFrom(property.PropertyType)
                        || typeof(IEnumerable<torch.nn.Module>).IsAssignableFrom(property.PropertyType))
                    {
                        text.Append(property.Name).Append('=');
                        Value(property.GetValue(value));
                    }
                }
            }
            text.Append(';');
        }

        // A closure's own fields and those of the closures and submissions behind it, by type: a function sees one of each.
        private Dictionary<Type, object> Reachable(object? target)
        {
            if (target is null || !IsReaders(target.GetType().Assembly))
            {
                return nothing;
            }
            if (reachable.TryGetValue(target, out var known))
            {
                return known;
            }
            var found = reachable[target] = [];
            var open = new Stack<object>([target]);
            while (open.TryPop(out var next))
            {
                if (!IsReaders(next.GetType().Assembly) || !found.TryAdd(next.GetType(), next))
                {
                    continue;
                }
                foreach (var field in next.GetType().GetFields(Every & ~BindingFlags.Static))
                {
                    if ((IsSubmission(field.FieldType) || IsClosure(field.FieldType)) && field.GetValue(next) is { } inner)
                    {
                        open.Push(inner);
                    }
                }
            }
            return found;
        }

        private static string TensorHash(torch.Tensor tensor)
        {
            using var scope = torch.NewDisposeScope();
            var values = tensor.detach().cpu().contiguous();
            return $"{values.dtype}[{string.Join(',', values.shape)}]{Convert.ToHexString(SHA256.HashData(values.bytes.ToArray()))[..16]}";
        }
    }

    private const BindingFlags Every = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // The compiler's holders of functions that capture nothing, of method groups and of constants.
    private static bool IsHelper(Type type) => type.Name is "<>c" || type.Name.StartsWith("<>c`", StringComparison.Ordinal) || type.Name.StartsWith("<>O", StringComparison.Ordinal)
        || type.Name.StartsWith("<PrivateImplementationDetails>", StringComparison.Ordinal);

    private static bool IsClosure(Type type) => type.Name.StartsWith("<>c__DisplayClass", StringComparison.Ordinal);

    // Roslyn's class of a cell: its variables are fields, its functions are methods.
    private static bool IsSubmission(Type type) => type.Name.StartsWith("Submission#", StringComparison.Ordinal);

    private static bool IsRecord(Type type) => type.GetMethod("<Clone>$", Every) is not null
        || (type.IsValueType && type.GetMethod("PrintMembers", Every) is not null);

    // A query that is made anew each time it is read is code, not data.
    private static bool IsLazy(Type type) => type.Namespace == "System.Linq" || type.Name.Contains(">d__", StringComparison.Ordinal);

    // Names without what differs from cell to cell.
    private static string Name(Type type)
    {
        if (type.IsGenericParameter)
        {
            return $"!{type.GenericParameterPosition}";
        }
        if (type.HasElementType)
        {
            return Name(type.GetElementType()!) + (type.IsArray ? $"[{type.GetArrayRank()}]" : type.IsByRef ? "&" : "*");
        }
        var own = IsSubmission(type) ? "cell" : type.Name.StartsWith('<') ? (type.Name.Contains("__") ? type.Name[type.Name.IndexOf('>')..type.Name.IndexOf("__", StringComparison.Ordinal)] : type.Name) : type.Name;
        var outer = type.DeclaringType is { } declaring && !IsReaders(type.Assembly) ? Name(declaring) + "+" : IsReaders(type.Assembly) ? "" : type.Namespace + ".";
        return outer + own + (type.IsGenericType ? $"<{string.Join(',', type.GetGenericArguments().Select(Name))}>" : "");
    }
}
