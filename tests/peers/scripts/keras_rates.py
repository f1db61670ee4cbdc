"""Runs code written for Keras on the backend of KERAS_BACKEND: codes in, rates out, as JSON.

The step is what an optimizer shows a schedule: a variable that holds whole numbers.
"""

import json
import sys
import warnings

import keras

wanted = json.load(sys.stdin)
step = keras.Variable(0, dtype="int", trainable=False)
found = {}
with warnings.catch_warnings():
    warnings.simplefilter("error")
    # Keras' own reading of its variables, with NumPy 2.
    warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy")
    for name, code in wanted["codes"].items():
        namespace = {}
        exec(code, namespace)
        found[name] = []
        for at in wanted["steps"]:
            step.assign(at)
            found[name].append(float(keras.ops.convert_to_numpy(namespace["schedule"](step))))
print(json.dumps({"backend": keras.backend.backend(), "rates": found}))
