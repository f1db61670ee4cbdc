"""Python files for test_scripts.py: a line ``== TITLE`` above each."""

READ = """
== in a function
def make(o):
    s = StepLR(o, 30)
    return s
== returned
def make(o):
    return StepLR(o, 30)
== in a method
class T:
  def f(self):
    self.s = StepLR(self.o, step_size=30)
== in a dictionary
def f():
    return {"scheduler": StepLR(o, 30), "interval": "step"}
== in a list
def f():
    return [o], [StepLR(o, 30)]
== under with
with strategy.scope():
    n = 30
    s = StepLR(o, n)
== under if main
n = 30
if __name__ == "__main__":
    s = StepLR(o, n)
== in a try
try:
    n = 30
except ValueError:
    raise
s = StepLR(o, n)
== a constant of the module
EVERY = 30
def f(o):
    return StepLR(o, EVERY)
== a default of a parameter
def f(o, every=30):
    return StepLR(o, every)
== an argument of a call
def f(o, every=3):
    return StepLR(o, every)
s = f(o, 30)
== a named argument
def f(o, every=3):
    return StepLR(o, every)
s = f(o, every=10 * 3)
== equal arguments
def f(o, n):
    return StepLR(o, n)
f(a, 30)
f(b, n=30)
== a parameter through two
def g(o, n):
    return StepLR(o, n)
def f(o, m):
    g(o, m)
f(o, 30)
== self
class T:
  def __init__(self, n):
    self.n = n
  def f(self):
    return StepLR(self.o, self.n)
T(30).f()
== a dataclass
@dataclass
class C:
  every: int = 30
def f(c: C):
    return StepLR(o, c.every)
== an object of one
@dataclass
class C:
  every: int = 3
c = C(every=30)
s = StepLR(o, c.every)
== a field
@dataclass
class C:
  every: int = field(default=30)
c = C()
s = StepLR(o, c.every)
== pydantic
class C(BaseModel):
  every: int = Field(30, gt=0)
c = C()
s = StepLR(o, c.every)
== a class as a namespace
class Config:
  every = 30
s = StepLR(o, Config.every)
== an inherited attribute
class A:
  n = 30
class B(A):
  pass
s = StepLR(o, B.n)
== argparse
p.add_argument("--every", type=int, default=30)
a = p.parse_args()
s = StepLR(o, a.every)
== argparse, as text
p.add_argument("--every", type=int, default="30")
a = p.parse_args()
s = StepLR(o, a.every)
== argparse, another name
p.add_argument("-e", "--step-every", default=30)
a, _ = p.parse_known_args()
s = StepLR(o, a.step_every)
== argparse in a function
def get():
    p.add_argument("--n", default=30)
    return p.parse_args()
def main(args):
    StepLR(o, args.n)
main(get())
== absl
flags.DEFINE_integer("every", 30, "how often")
s = StepLR(o, FLAGS.every)
== click
@click.command()
def f(every=30):
    StepLR(o, every)
== a dictionary
cfg = {"a": {"every": 30}}
s = StepLR(o, cfg["a"]["every"])
== dict()
cfg = dict(every=30)
s = StepLR(o, cfg["every"])
== get
cfg = {"x": 1}
s = StepLR(o, cfg.get("every", 30))
== an entry that is set
cfg = {}
cfg["every"] = 30
s = StepLR(o, cfg["every"])
== a namespace
cfg = SimpleNamespace(every=30)
s = StepLR(o, cfg.every)
== **
kw = dict(step_size=30, gamma=0.1)
s = StepLR(o, **kw)
== unpacking
a, b = 10, 30
s = StepLR(o, b)
== a tuple of a function
def f():
    return 1, 30
a, b = f()
s = StepLR(o, b)
== int()
s = StepLR(o, int(0.3 * 100))
== max() and min()
s = StepLR(o, max(1, min(30, 90)))
== len() and //
s = StepLR(o, len([1, 2, 3]) * 21 // 2 - 1)
== math
import math
s = StepLR(o, math.ceil(29.1) + math.floor(0.9))
== numpy
import numpy as np
s = StepLR(o, int(np.ceil(29.5)))
== % and **
s = StepLR(o, 2 ** 5 % 33 - 2)
== round() and abs()
s = StepLR(o, abs(round(-30.2)))
== a conditional expression
fast = False
s = StepLR(o, 3 if fast else 30)
== a test with options
p.add_argument("--n", default=None)
a = p.parse_args()
s = StepLR(o, a.n if a.n is not None else 30)
== or
n = None
s = StepLR(o, n or 30)
== a known if
fast = False
n = 30
if fast:
    n = 3
s = StepLR(o, n)
== equal branches
n = 30
if fast:
    n = 30
s = StepLR(o, n)
== an early return
def f(o, kind='b'):
    if kind == 'a':
        return None
    return StepLR(o, 30)
== a sum
n = 10
n += 20
s = StepLR(o, n)
== a walrus
s = StepLR(o, (n := 30))
== Python 2
print "hello"
s = StepLR(o, 30)
== an excerpt of a branch
    elif kind == 'step':
        s = StepLR(o, 30)
    else:
        s = None
== an excerpt of two blocks
            s = StepLR(o, 30)
        return s
    x = 1
== an import
from torch.optim import lr_scheduler as sched
s = sched.StepLR(o, 30)
== a lambda's line
f = lambda x: x
s = StepLR(o, 30)
"""
"""All of them are ``StepLR(o, 30)``."""

ASKED = """
== args.n
s = StepLR(o, args.n)
== cfg['a'].n ; gamma
s = StepLR(o, cfg['a'].n, gamma)
== len(loader) ; n
s = StepLR(o, len(loader) * n)
== n
n = 5
with fast as n:
    n += 3
for x in xs:
    n += 3
s = StepLR(o, n)
== n
n = 5
for x in xs:
    n += 3
s = StepLR(o, n)
== n
for n in ns:
    s = StepLR(o, n)
== n
def f(o, n):
    return StepLR(o, n)
f(a, 3)
f(b, 4)
== self.n
class T:
  def a(self):
    self.n = 3
  def b(self):
    self.n = 4
  def c(self):
    StepLR(o, self.n)
== x
args = p.parse_args()
args.n = 5
if x:
    args.n = 3
s = StepLR(o, args.n)
== b
a = b
b = a
s = StepLR(o, a)
== f(x)
def f(x):
    return f(x)
s = StepLR(o, f(3))
== n
n = 3
def f():
    global n
    n = 4
s = StepLR(o, n)
== xs
xs = [3]
xs.update(y)
s = MultiStepLR(o, xs)
== compute()
n = compute()
s = StepLR(o, n)
== fast
s = StepLR(o, 30 if fast else 3)
"""
"""The titles are the names that are asked for."""

STEPPED = """
== epoch

s = StepLR(o, 3)
for epoch in range(9):
    for x in loader:
        o.step()

    s.step()
== update

s = StepLR(o, 3)
for epoch in range(9):
    for x in loader:
        o.step()
        s.step()
== update
def epoch(loader, sched):
    for x in loader:
        sched.step()
s = StepLR(o, 3)
for e in range(3):
    epoch(loader, s)
== epoch
def after(sched):
    sched.step()
s = StepLR(o, 3)
for epoch in range(3):
    train()
    after(s)
== epoch
class T:
  def f(self):
    self.s = StepLR(o, 3)
  def g(self):
    while self.epoch < 10:
      self.s.step()
== epoch
class T:
  def configure_optimizers(self):
    return [o], [StepLR(o, 3)]
== update
def f():
  s = StepLR(o, 3)
  return {"lr_scheduler": {"scheduler": s, "interval": "step"}}
== epoch
def f():
  s = StepLR(o, 3)
  return {"lr_scheduler": {"scheduler": s, "frequency": 1}}
== update
s = StepLR(o, 3)
o, s = accelerator.prepare(o, s)
for step in range(100):
    s.step()
"""
"""The titles say how often."""

BESIDE = """
== Group 1 of the optimizer has lr=0.5 of its own (line 1)
o = SGD([{'params': a}, {'params': b, 'lr': 0.5}], lr=0.1)
s = StepLR(o, 3)
== This is the schedule of group 0 of the optimizer; group 1 has lr=0.5
o = SGD([{'params': a, 'lr': 0.1}, {'params': b, 'lr': 0.5}])
s = StepLR(o, 3)
== This is the schedule of group 0 of the optimizer; group 1 has lr=0.1 * 10
o = Adam([dict(params=a, lr=0.1), dict(params=b, lr=0.1 * 10)])
s = StepLR(o, 3)
== AdamW (line 1) has no lr: it is 0.001.
o = AdamW(p)
s = StepLR(o, 3)
== Line 3 writes the lr of
s = StepLR(o, 3)
for g in o.param_groups:
    g['lr'] = 3
== Line 2 writes the lr of the optimizer too
s = StepLR(o, 3)
o.param_groups[0]['lr'] = 3
== Its step() stands under `if epoch > 5` (line 3)
s = StepLR(o, 3)
for epoch in e:
    if epoch > 5:
        s.step()
== It is stepped in more than one place
s = StepLR(o, 3)
for epoch in e:
    s.step()
    for x in loader:
        s.step()
"""
"""The titles are parts of what is said."""


def cases(text: str) -> list[tuple[str, str]]:
    """The title and the code of each."""
    parts = [part.partition("\n") for part in text.split("\n== ")[1:]]
    return [(title, code) for title, _, code in parts]
