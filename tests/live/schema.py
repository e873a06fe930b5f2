# SPDX-License-Identifier: GPL-2.0-or-later
"""Validates dumps and lists of every exhibit with a validator that is not ours."""
import json
import subprocess
import sys

import jsonschema

build = sys.argv[1]
schema = json.loads(subprocess.run([build + "/uringctl", "schema"], capture_output=True, check=True).stdout)
jsonschema.Draft7Validator.check_schema(schema)
print("ok - the schema is a schema")


def strict(node):
    """Readers pass over fields they do not know; a dump of this very version must have none that the schema lacks."""
    if isinstance(node, dict):
        if "properties" in node:
            node["additionalProperties"] = False
        for child in node.values():
            strict(child)
    elif isinstance(node, list):
        for child in node:
            strict(child)
    return node


validator = jsonschema.Draft7Validator(strict(schema))

names = [line.split()[0] for line in
         subprocess.run([build + "/ringzoo", "--list"], capture_output=True, text=True).stdout.splitlines()]
failed = 0
for name in names:
    zoo = subprocess.Popen([build + "/ringzoo", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    truth = json.loads(zoo.stdout.readline())
    if "unsupported" in truth:
        print(f"ok - {name} is valid # SKIP {truth['unsupported']}")
    else:
        pid = str(truth["rings"][0]["pid"])
        for args in (["dump", "-s", "16"], ["list"]):
            out = subprocess.run([build + "/uringctl", *args, "--json", "-p", pid], capture_output=True)
            errors = ["not JSON"]
            try:
                document = json.loads(out.stdout.decode("utf-8"))
                errors = [e.json_path + ": " + e.message[:200] for e in validator.iter_errors(document)]
            except ValueError as e:
                errors = [str(e)]
            print(("not ok" if errors else "ok") + f" - {args[0]} of {name} is valid")
            for e in errors[:5]:
                print("# " + e)
            failed += bool(errors)
    zoo.kill()
    zoo.wait()

# a validator that lets everything pass would prove nothing
document["rings"] = [{"ring_id": "1"}]
broken = not validator.is_valid(document)
print(("ok" if broken else "not ok") + " - a ring with a wrong id is not valid")
print("# end")
sys.exit(bool(failed or not broken))
