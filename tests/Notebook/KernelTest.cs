using System.Text;
using System.Text.Json.Nodes;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>The Jupyter kernel, judged by what others wrote, and its messages, byte by byte.</summary>
public class KernelTest
{
    private const string Key = "secret";

    [SkippableFact]
    public async Task Kernel_JupyterKernelTest_PassesAllThatApplies()
    {
        using var kernels = await JupyterKernels.InstallAsync("retort-csharp", "jupyter_kernel_test");
        var (code, output) = await kernels.RunAsync(JupyterKernels.Python, [Path.Combine(JupyterKernels.Scripts, "kernel_conformance.py"), "retort-csharp"]);
        Assert.True(code == 0, output);
        // Clearing outputs and the pager are optional, and not offered.
        Assert.Contains("OK (skipped=2)", output);
    }

    [SkippableFact]
    public async Task Kernel_Protocol_HoldsAgainstHostileMessagesInterruptsAndFloods()
    {
        using var kernels = await JupyterKernels.InstallAsync("retort-csharp", "jupyter_client");
        var library = Path.Combine(Repository.Root, "lib", "Retort", "bin", "Release", "net8.0");
        Skip.IfNot(File.Exists(Path.Combine(library, "Retort.dll")), "lib/Retort is not built for net8.0 in Release");
        var (code, output) = await kernels.RunAsync(JupyterKernels.Python, [Path.Combine(JupyterKernels.Scripts, "kernel_protocol.py"), "retort-csharp", Path.Combine(kernels.Cells.Folder, "kernel.log"), library, Path.Combine(kernels.Cells.Folder, "run")]);
        Assert.True(code == 0, output);
        Assert.Contains("Ran 16 tests", output);
    }

    [SkippableFact]
    public async Task Kernel_NbConvert_ExecutesANotebookOfDotNetInteractive()
    {
        using var kernels = await JupyterKernels.InstallAsync(".net-csharp", "nbconvert", "nbclient");
        var path = kernels.Cells.Notebook("a.ipynb", "var d = display(\"0 %\");\nfor (int i = 1; i <= 10; i++) d.Update($\"{10 * i} %\");", "Console.WriteLine(\"text\");\nnew[] { 1, 2 }.Sum()");
        var (code, output) = await kernels.RunAsync(JupyterKernels.Python, ["-m", "nbconvert", "--to", "notebook", "--execute", "--output", "b.ipynb", path]);
        Assert.True(code == 0, output);
        var notebook = NotebookFile.Read(Path.Combine(kernels.Cells.Folder, "b.ipynb"));
        Assert.Equal("100 %", Assert.Single(notebook.Cells[0].Outputs)!["data"]!["text/plain"]!.AsArray().Single()!.ToString());
        Assert.Equal(["stream", "execute_result"], notebook.Cells[1].Outputs.Select(item => item!["output_type"]!.ToString()));
        Assert.Equal("3", notebook.Cells[1].Outputs[1]!["data"]!["text/plain"]!.AsArray().Single()!.ToString());
        // The same cells by our own runner leave the same outputs.
        await Runner.RunAsync(path, new RunOptions { OutputPath = path }, new PlainProgress(TextWriter.Null));
        var ours = NotebookFile.Read(path);
        Assert.Equal(Flat(notebook), Flat(ours));
    }

    [SkippableFact]
    public async Task Kernel_NbClient_StopsAtAnErrorWithTheCellsOwnLine()
    {
        using var kernels = await JupyterKernels.InstallAsync(".net-csharp", "nbconvert", "nbclient");
        var path = kernels.Cells.Notebook("a.ipynb", "var x = 0;\nvar y = 1 / x;");
        var (code, output) = await kernels.RunAsync(JupyterKernels.Python, ["-m", "nbconvert", "--to", "notebook", "--execute", "--output", "b.ipynb", path]);
        Assert.NotEqual(0, code);
        Assert.Contains("cell 1, line 2: var y = 1 / x;", output);
    }

    [Fact]
    public void Wire_OwnMessage_IsReadBack()
    {
        var wire = new JupyterWire(Key);
        var frames = wire.Frames([[1, 2]], "execute_request", new JsonObject { ["code"] = "ä" }, null);
        var message = new JupyterWire(Key).Parse(frames, out var problem)!;
        Assert.Equal("", problem);
        Assert.Equal(("execute_request", "ä"), (message.Type, message.Text("code")));
        Assert.Equal([1, 2], message.Identities.Single());
    }

    [Fact]
    public void Wire_SignatureCoversTheBytesAsTheyCame()
    {
        // Spaces and order of the JSON are the sender's own.
        var wire = new JupyterWire(Key);
        byte[][] parts = ["{ \"msg_type\" :\"x\", \"msg_id\":\"1\"}"u8.ToArray(), "{}"u8.ToArray(), "{}"u8.ToArray(), "{ }"u8.ToArray()];
        var signature = Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), parts.SelectMany(part => part).ToArray()));
        Assert.Equal("x", wire.Parse([[9], "<IDS|MSG>"u8.ToArray(), Encoding.ASCII.GetBytes(signature), .. parts], out _)!.Type);
    }

    [Fact]
    public void Wire_MutatedReplayedOrForgedMessages_AreNone()
    {
        var wire = new JupyterWire(Key);
        var random = 17u;
        uint Next(int below) => (random = (random * 1664525) + 1013904223) / 7 % (uint)below;
        for (int round = 0; round < 20_000; round++)
        {
            var frames = new JupyterWire(Key).Frames([[1]], "kernel_info_request", [], null).Select(frame => frame.ToArray()).ToList();
            switch (Next(4))
            {
                case 0:
                    var frame = frames[1 + (int)Next(frames.Count - 1)];
                    frame[Next(frame.Length)] ^= (byte)(1 + Next(255));
                    break;
                case 1:
                    frames.RemoveAt(1 + (int)Next(frames.Count - 1));
                    break;
                case 2:
                    frames[3 + (int)Next(4)] = [];
                    break;
                default:
                    frames.Insert(2 + (int)Next(frames.Count - 2), [(byte)Next(256)]);
                    break;
            }
            if (wire.Parse(frames, out var problem) is { } message)
            {
                Assert.Fail($"round {round}: a changed message was taken as {message.Type}");
            }
            Assert.NotEqual("", problem);
        }
        var good = wire.Frames([], "a", [], null);
        Assert.NotNull(wire.Parse(good, out _));
        Assert.Null(wire.Parse(good, out var replayed));
        Assert.Equal("replayed", replayed);
    }

    [Fact]
    public void Wire_WithoutAKey_ReadsUnsignedJsonOnly()
    {
        var wire = new JupyterWire("");
        byte[] Delimiter() => "<IDS|MSG>"u8.ToArray();
        foreach (var header in new[] { "", "{", "[]", "5", "null", "{\"msg_type\": 5}", "{}" })
        {
            Assert.Null(wire.Parse([Delimiter(), [], Encoding.UTF8.GetBytes(header), "{}"u8.ToArray(), "{}"u8.ToArray(), "{}"u8.ToArray()], out var problem));
            Assert.StartsWith("malformed", problem);
        }
    }

    [Theory]
    [InlineData("{\"ip\": \"0.0.0.0\"}", "loopback only")]
    [InlineData("{\"ip\": \"192.168.1.5\"}", "loopback only")]
    [InlineData("{\"signature_scheme\": \"hmac-md5\"}", "expected hmac-sha256")]
    [InlineData("{\"transport\": \"udp\"}", "expected tcp or ipc")]
    [InlineData("{\"shell_port\": 70000}", "expected a port number")]
    [InlineData("[]", "expected a JSON object")]
    [InlineData("{", "cannot be read")]
    public void ConnectionFile_ThatOthersCouldReachOrIsDamaged_IsRefused(string text, string expected)
    {
        using var cells = new Cells();
        var path = Path.Combine(cells.Folder, "connection.json");
        if (text.StartsWith("{\"", StringComparison.Ordinal))
        {
            var json = new JsonObject { ["shell_port"] = 1, ["iopub_port"] = 2, ["stdin_port"] = 3, ["control_port"] = 4, ["hb_port"] = 5, ["ip"] = "127.0.0.1", ["key"] = "k", ["transport"] = "tcp", ["signature_scheme"] = "hmac-sha256" };
            foreach (var (name, value) in JsonNode.Parse(text)!.AsObject())
            {
                json[name] = value!.DeepClone();
            }
            text = json.ToJsonString();
        }
        File.WriteAllText(path, text);
        Assert.Contains(expected, Assert.Throws<NotebookException>(() => ConnectionFile.Read(path)).Message);
    }

    private static IEnumerable<string> Flat(NotebookFile notebook) => notebook.Cells.Select(cell => string.Join('\n', cell.Outputs.Select(output =>
        $"{output!["output_type"]} {output["execution_count"]} {NotebookCell.Text(output["text"])} {NotebookCell.Text(output["data"]?["text/plain"])} {NotebookCell.Text(output["data"]?["text/html"])}")));
}
