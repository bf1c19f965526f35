using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis.CSharp;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>Debian's Jupyter Notebook in headless Chromium: what a user does, done by a test.</summary>
public class JupyterInABrowserTest
{
    private const string Kernel = "Jupyter.notebook.kernel";

    [SkippableFact]
    public async Task Jupyter_RunAllInterruptRestart_WorkAndTheFigureIsInteractive()
    {
        Skip.If(ReportAssets.Plotly(ReportAssets.Cache) is null, "plotly.js is not in the cache (environment/plotly/install.sh)");
        using var kernels = await JupyterKernels.InstallAsync(".net-csharp", "notebook");
        await using var browser = await Browser.StartAsync();
        var folder = kernels.Cells.Folder;
        kernels.Cells.Notebook(
            "a.ipynb",
            $"HTML({SymbolDisplay.FormatLiteral(ReportTest.Figure, quote: true)})",
            "var line = display(\"step 0\");\nfor (int i = 1; i <= 20; i++) { await Task.Delay(100); line.Update($\"step {i}\"); }",
            "Console.WriteLine(\"all done\");");
        int port = FreePort();
        using var server = kernels.Start(JupyterKernels.Python, ["-m", "notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1", $"--port={port}", "--port-retries=0", "--NotebookApp.token=t", $"--notebook-dir={folder}"]);
        try
        {
            _ = server.StandardError.ReadToEndAsync();
            _ = server.StandardOutput.ReadToEndAsync();
            await Answers($"http://127.0.0.1:{port}/api?token=t");
            await browser.Window(1200, 1400);
            await browser.Open($"http://127.0.0.1:{port}/notebooks/a.ipynb?token=t");
            await browser.Until($"window.Jupyter && Jupyter.notebook && {Kernel} && {Kernel}.is_connected() && {Kernel}.info_reply.status === 'ok'", 240);
            Assert.Equal(".net-csharp", (await browser.Evaluate($"{Kernel}.name"))!.ToString());

            // What the file says of its last run.
            await browser.Evaluate("Jupyter.notebook.metadata.retort = { size: 'full' }");

            // "Run all", by the menu's own entry, while the looks of the progress line are noted.
            await browser.Evaluate("window.seen = new Set(); new MutationObserver(() => { for (const m of document.querySelector('#notebook').innerText.matchAll(/^step \\d+$/gm)) seen.add(m[0]); }).observe(document.querySelector('#notebook'), { childList: true, subtree: true, characterData: true }); document.querySelector('#run_all_cells a').click();");
            await browser.Until("[...document.querySelectorAll('.output_stdout')].some(o => o.innerText.includes('all done'))", 240);
            Assert.InRange((await browser.Evaluate("seen.size"))!.GetValue<int>(), 3, 21);
            Assert.Equal("step 20", (await browser.Evaluate("[...document.querySelectorAll('.output_subarea')].map(o => o.innerText.trim()).filter(t => t.startsWith('step')).join('|')"))!.ToString());

            // Cells have run again: what was said of the last run is gone.
            Assert.Equal("undefined", (await browser.Evaluate("typeof Jupyter.notebook.metadata.retort"))!.ToString());

            // The pointer over a point of the figure shows its values.
            await browser.Evaluate("document.querySelector('.retort-figure').scrollIntoView({ block: 'center' })");
            // plotly.js comes with the kernel.
            await browser.Until("document.querySelector('.retort-figure .scatterlayer .points path')");
            var box = (await browser.Evaluate("(() => { const b = document.querySelector('.retort-figure .scatterlayer .points path').getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"))!;
            await browser.Send("Input.dispatchMouseEvent", new JsonObject { ["type"] = "mouseMoved", ["x"] = box[0]!.GetValue<double>(), ["y"] = box[1]!.GetValue<double>() });
            await browser.Until("document.querySelectorAll('.retort-figure .hoverlayer .hovertext').length > 0");
            await browser.Picture("jupyter");

            // A cell that takes too long is stopped; the kernel still answers; a restart forgets.
            await browser.Evaluate("Jupyter.notebook.select(2); Jupyter.notebook.get_selected_cell().set_text('var kept = 5; Console.Write(\"...\"); while (true) { }'); Jupyter.notebook.execute_selected_cells();");
            await browser.Until("[...document.querySelectorAll('.output_stdout')].some(o => o.innerText.startsWith('...'))", 240);
            await browser.Evaluate($"{Kernel}.interrupt()");
            await browser.Until("[...document.querySelectorAll('.output_error')].some(o => o.innerText.includes('Interrupted'))", 240);
            await browser.Evaluate("Jupyter.notebook.get_selected_cell().set_text('kept + 1'); Jupyter.notebook.execute_selected_cells();");
            await browser.Until("[...document.querySelectorAll('.output_result')].some(o => o.innerText.trim() === '6')", 240);
            await browser.Evaluate($"window.back = false; Jupyter.notebook.events.one('kernel_ready.Kernel', () => window.back = true); {Kernel}.restart()");
            await browser.Until("window.back", 240);
            await browser.Evaluate("Jupyter.notebook.get_selected_cell().set_text('kept'); Jupyter.notebook.execute_selected_cells();");
            await browser.Until("[...document.querySelectorAll('.output_stderr')].some(o => o.innerText.includes('CS0103'))", 240);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task Answers(string address)
    {
        using var http = new HttpClient();
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                (await http.GetAsync(address)).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (attempt < 1800)
            {
                await Task.Delay(100);
            }
        }
    }
}
