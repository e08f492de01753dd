@echo off
if not defined JUPYTER_DEP_PIP goto refuse
if not defined VIRTUAL_ENV goto refuse
set "PYTHONPATH="
set "PYTHONHOME="
set "PYTHONNOUSERSITE="
set "cell="
if defined JPY_PARENT_PID set "cell=--cell"
"%JUPYTER_DEP_PIP%" -P -m jupyter_dep_cli.pip %cell% %*
exit /b %ERRORLEVEL%
:refuse
set "command=show"
if "%~1"=="install" set "command=add"
if "%~1"=="uninstall" set "command=remove"
>&2 echo pip cannot change a locked environment: only its lock decides what is installed
>&2 echo hint: `%%dep %command%` in a cell, `jupyter dep %command%` in a terminal
exit /b 1
