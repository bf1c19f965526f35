#!/usr/bin/env bash
# After the container is made: builds the library and installs the notebook kernel under both names by which front ends
# look for it.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash environment/plotly/install.sh || echo "without plotly.js figures are still pictures"
dotnet build lib/Retort -c Release -v quiet --nologo
dotnet build lib/Notebook -c Release -v quiet --nologo
lib/Notebook/bin/Release/net10.0/retort-notebook install --user
# The container is this project's own, so no other program's kernel can have the name.
lib/Notebook/bin/Release/net10.0/retort-notebook install --user --name .net-csharp
