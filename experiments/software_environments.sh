#!/usr/bin/env bash
# The environments of software.py: bash experiments/software_environments.sh FOLDER [PYTHON3.8] [PYTHON3.11]
# FOLDER/pydbm  PyDBM 1.5.1, which builds on Python 3.8 only, from source, in about ten minutes
# FOLDER/peers  learnergy 2.0.2 and rbms 0.5.0
set -euo pipefail
folder=${1:?where the environments go}
python38=${2:-python3.8}
python311=${3:-python3.11}

"$python311" -m venv "$folder/peers"
"$folder/peers/bin/pip" install --quiet torch==2.13.0
"$folder/peers/bin/pip" install --quiet learnergy==2.0.2 rbms==0.5.0

"$python38" -m venv "$folder/pydbm"
"$folder/pydbm/bin/pip" install --quiet 'numpy<1.20' 'cython<3' wheel
"$folder/pydbm/bin/pip" install --quiet --no-build-isolation --no-deps pydbm==1.5.1
