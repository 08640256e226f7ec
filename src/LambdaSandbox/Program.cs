using LambdaSandbox.CommandLine;

return await RunCommand.Create().Parse(args).InvokeAsync();
