using System.Reflection;
using System.Reflection.Emit;

namespace Retort.Training;

/// <summary>A method's IL as instructions, with members in place of tokens.</summary>
internal static class IlReader
{
    private static readonly Dictionary<short, OpCode> codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(c => c.Value);

    /// <summary>The instructions in order. Operands: a member, a string, a number, a branch's target as a place in the code, or null.</summary>
    public static IEnumerable<(OpCode Code, object? Operand)> Read(byte[] il, MethodBase method)
    {
        var typeArguments = method.DeclaringType is { IsGenericType: true } declaring ? declaring.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < il.Length;)
        {
            var code = codes[il[at] == 0xFE ? (short)(0xFE00 | il[at + 1]) : il[at]];
            at += code.Size;
            object? operand = null;
            var size = 4;
            switch (code.OperandType)
            {
                case OperandType.InlineNone:
                    size = 0;
                    break;
                case OperandType.ShortInlineBrTarget:
                    size = 1;
                    operand = at + 1 + (sbyte)il[at];
                    break;
                case OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    size = 1;
                    operand = (int)il[at];
                    break;
                case OperandType.InlineVar:
                    size = 2;
                    operand = (int)BitConverter.ToUInt16(il, at);
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    size = 8;
                    operand = BitConverter.ToInt64(il, at);
                    break;
                case OperandType.InlineI or OperandType.ShortInlineR:
                    operand = BitConverter.ToInt32(il, at);
                    break;
                case OperandType.InlineBrTarget:
                    operand = at + 4 + BitConverter.ToInt32(il, at);
                    break;
                case OperandType.InlineSwitch:
                    var count = BitConverter.ToInt32(il, at);
                    size = 4 + 4 * count;
                    operand = string.Join(',', Enumerable.Range(0, count).Select(i => BitConverter.ToInt32(il, at + 4 + 4 * i)));
                    break;
                case OperandType.InlineString:
                    operand = method.Module.ResolveString(BitConverter.ToInt32(il, at));
                    break;
                case OperandType.InlineSig:
                    operand = Convert.ToHexString(method.Module.ResolveSignature(BitConverter.ToInt32(il, at)));
                    break;
                default:
                    operand = method.Module.ResolveMember(BitConverter.ToInt32(il, at), typeArguments, methodArguments);
                    break;
            }
            at += size;
            yield return (code, operand);
        }
    }
}
