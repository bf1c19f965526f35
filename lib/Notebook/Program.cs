using Retort.Notebook;

return await Commands.Root().Parse(args).InvokeAsync();
