using System.Reflection;
using System.Reflection.Emit;
using System.Text;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>The stop button: whatever a reader writes in a cell ends, and what the cells before it made is kept.</summary>
public class InterruptTest
{
    [Theory]
    [InlineData("while (true) { }")]
    [InlineData("while (true) ;")]
    [InlineData("for (;;) ;")]
    [InlineData("do { } while (true);")]
    [InlineData("if (kept > 0) while (true) if (kept < 0) break; else continue;")]
    [InlineData("again: kept++; goto again;")]
    [InlineData("switch (1) { case 1: goto case 2; case 2: goto case 1; }")]
    [InlineData("IEnumerable<int> Endless() { for (;;) yield return 1; }\nforeach (var x in Endless()) { }")]
    [InlineData("foreach (var (a, b) in Enumerable.Repeat((1, 2), int.MaxValue)) kept = a;")]
    [InlineData("int Loop() { while (true) { } }\nLoop()")]
    [InlineData("Func<int> loop = () => { while (true) { } };\nloop()")]
    [InlineData("class C { public int Value { get { for (;;) { } } } }\nnew C().Value")]
    [InlineData("int Fibonacci(int n) => n < 2 ? n : Fibonacci(n - 1) + Fibonacci(n - 2);\nFibonacci(80)")]
    [InlineData("int Outer() { int Inner(int n) => n < 2 ? n : Inner(n - 1) + Inner(n - 2); return Inner(80); }\nOuter()")]
    [InlineData("for (;;) { try { for (;;) { } } catch (Exception) { } }")]
    [InlineData("await Task.Delay(-1);")]
    [InlineData("await Task.Delay(TimeSpan.FromHours(1)).ContinueWith(_ => 1)")]
    [InlineData("for (int i = 0; ; i++) { await Task.Delay(5); }")]
    [InlineData("async Task<int> Wait() { while (true) await Task.Delay(10); }\nawait Wait()")]
    [InlineData("async ValueTask Wait() => await Task.Delay(-1);\nawait Wait();")]
    [InlineData("await Task.Run(() => { while (true) { } });")]
    [InlineData("await Task.WhenAll(Task.Delay(-1), Task.Run(async () => { while (true) await Task.Yield(); }));")]
    [InlineData("Parallel.For(0, 4, i => { while (true) { } });")]
    [InlineData("for (int i = 0; ; i++) { Console.Write(\".\"); System.Threading.Thread.Sleep(5); }")]
    [InlineData("var d = display(0);\nwhile (true) { await Task.Yield(); d.Update(1); }")]
    [InlineData("await Task.Run(() => { while (true) { Console.Write(\".\"); System.Threading.Thread.Sleep(5); } });")]
    [InlineData("Parallel.For(0, 1_000_000, i => { Console.Write(\".\"); System.Threading.Thread.Sleep(5); });")]
    public async Task Cell_Interrupted_StopsAndKeepsWhatWasThere(string code)
    {
        using var cells = await Cells.StartAsync();
        await cells.Value("var kept = 1; 0");
        using var interrupt = new CancellationTokenSource(300);
        var result = await cells.Run(code, interrupt.Token).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("Interrupted", result.Error?.Name);
        Assert.Equal("true", await cells.Value("kept > 0"));
        Assert.Equal("100", await cells.Value("int sum = 0; for (int i = 0; i < 100; i++) { await Task.Yield(); sum++; }\nsum"));
    }

    [Fact]
    public async Task Cell_OfALibraryThatReadsTheToken_IsInterrupted()
    {
        using var cells = await Cells.StartAsync();
        using var interrupt = new CancellationTokenSource(300);
        var result = await cells.Run($"var token = ((Func<System.Threading.CancellationToken>)AppContext.GetData(\"{Interruption.TokenKey}\"))();\ntoken.WaitHandle.WaitOne();\ntoken.ThrowIfCancellationRequested();", interrupt.Token);
        Assert.Equal("Interrupted", result.Error!.Name);
    }

    [Fact]
    public async Task Call_ThatStopsInOrder_IsNotStoppedInTheMiddleOfAStep()
    {
        using var cells = await Cells.StartAsync();
        using var interrupt = new CancellationTokenSource(300);
        await cells.Value("var log = new List<string>(); 0");
        var result = await cells.Run(
            $$"""
            using System.Threading;
            var token = ((Func<CancellationToken>)AppContext.GetData("{{Interruption.TokenKey}}"))();
            using (((Func<IDisposable>)AppContext.GetData("{{Interruption.DeferKey}}"))())
            {
                token.WaitHandle.WaitOne();
                var worker = new Thread(() => { for (int i = 0; i < 10; i++) { log.Add("step"); Console.Write("."); } });
                worker.Start();
                worker.Join();
                log.Add("checkpoint");
            }
            for (int i = 0; i < 10; i++) { log.Add("never"); }
            """,
            interrupt.Token);
        Assert.Equal("Interrupted", result.Error!.Name);
        Assert.Equal("step,checkpoint", await cells.Value("string.Join(\",\", log.Distinct())"));
        Assert.Equal("11", await cells.Value("log.Count"));
    }

    [Fact]
    public async Task Cell_InterruptedWhileATimerPrints_LeavesTheProcessAlive()
    {
        using var cells = await Cells.StartAsync();
        using var interrupt = new CancellationTokenSource(300);
        var result = await cells.Run("using System.Threading;\nusing (new Timer(_ => Console.Write(\"t\"), null, 0, 10)) { Thread.Sleep(800); }\nvar thread = new Thread(() => { for (int i = 0; i < 3; i++) Console.Write(\"x\"); }); thread.Start(); thread.Join();", interrupt.Token);
        Assert.True(result.Succeeded);
        Assert.EndsWith("txxx", cells.Text("stdout"));
    }

    [Fact]
    public async Task Cell_WithChecks_MeansWhatItMeantAndItsErrorsKeepTheirPlaces()
    {
        using var cells = await Cells.StartAsync();
        Assert.Equal("10 3 x 7 5", await cells.Value("""
            int Sum(int n) { int s = 0; for (int i = 0; i <= n; i++) s += i; return s; }
            async Task<int> Three() { await Task.Yield(); return await Task.FromResult(3); }
            async ValueTask<string> X() => await new ValueTask<string>("x").ConfigureAwait(false);
            ref int First(int[] list) => ref list[0];
            int Throws() => throw new InvalidOperationException();
            void Nothing() => Console.Write("");
            System.Linq.Expressions.Expression<Func<int, int>> tree = x => x + 2;
            int[] numbers = [7];
            Nothing();
            $"{Sum(4)} {await Three()} {await X()} {First(numbers)} {tree.Compile()(3)}"
            """));
        var result = await cells.Run("void F()\n{\n    for (int i = 0; i < 3; i++) if (i == 1) throw new ArgumentException(\"one\");\n}\nawait Task.CompletedTask; F();");
        Assert.Equal(["ArgumentException: one", "   cell 2, line 3: for (int i = 0; i < 3; i++) if (i == 1) throw new ArgumentException(\"one\");", "   cell 2, line 5: await Task.CompletedTask; F();"], result.Error!.Traceback);
        cells.Outputs.Clear();
        await cells.Run("while (true) { await Console.Out; }\nfor (;;) { int x = \"no\"; }");
        Assert.Contains("(1,16): error CS1061", cells.Text("stderr"));
        Assert.Contains("(2,20): error CS0029", cells.Text("stderr"));
        Assert.DoesNotContain("Interruption", cells.Text("stderr"));
    }

    [Fact]
    public async Task Function_WhereverItStands_HasTheSameIl()
    {
        using var cells = await Cells.StartAsync();
        const string Function = "async Task<double> Mean(int n) { double s = 0; for (int i = 0; i < n; i++) { await Task.Yield(); s += Half(i); } return s / n; }\ndouble Half(int x) => x / 2.0;";
        async Task<string> Il(string code)
        {
            await cells.Value(code + "\nAppContext.SetData(\"test.method\", ((Func<int, double>)Half).Method); 0");
            var type = ((MethodInfo)AppContext.GetData("test.method")!).DeclaringType!;
            var methods = type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Where(method => method.Name is "Mean" or "Half").ToList();
            var nestedTypes = type.GetNestedTypes(BindingFlags.NonPublic | BindingFlags.Public);
            methods.Add(nestedTypes.Single(nested => nested.Name.Contains("<Mean>", StringComparison.Ordinal)).GetMethod("MoveNext", BindingFlags.Instance | BindingFlags.NonPublic)!);
            Assert.Equal(3, methods.Count);
            return string.Join('\n', methods.Select(Disassembled));
        }
        var first = await Il(Function);
        Assert.Contains("Interruption.Void Check()", first);
        Assert.Contains("Interruption.System.Runtime.CompilerServices.YieldAwaitable Await", first);
        Assert.Equal(first, await Il("var other = 5;\nwhile (other > 3) other--;\n\n\n" + Function + "\nfor (int i = 0; i < 2; i++) other++;"));
        Assert.NotEqual(first, await Il(Function.Replace("2.0", "3.0")));
    }

    // IL with names in place of tokens, and without the numbers of submissions.
    private static string Disassembled(MethodInfo method)
    {
        var codes = typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => (ushort)code.Value);
        var il = method.GetMethodBody()!.GetILAsByteArray()!;
        var text = new StringBuilder();
        for (int at = 0; at < il.Length;)
        {
            var code = il[at] == 0xFE ? codes[(ushort)(0xFE00 | il[at + 1])] : codes[il[at]];
            at += code.Size;
            text.Append(code.Name).Append(' ');
            int size = code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                _ => 4,
            };
            var operand = il.AsSpan(at, size);
            text.AppendLine(code.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok
                ? Name(method.Module.ResolveMember(BitConverter.ToInt32(operand), method.DeclaringType!.GetGenericArguments(), null)!)
                : Convert.ToHexString(operand));
            at += size;
        }
        return text.ToString();
    }

    private static string Name(MemberInfo member) => System.Text.RegularExpressions.Regex.Replace($"{member.DeclaringType?.Name}.{member}", @"Submission#\d+|__\d+", "");
}
