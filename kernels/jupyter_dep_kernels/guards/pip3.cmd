@echo off
set "verb=show"
if "%~1"=="install" set "verb=add"
if "%~1"=="uninstall" set "verb=remove"
>&2 echo pip does not change a notebook's environment: its lock decides what is in it
>&2 echo hint: type `%%dep %verb%` in a cell
exit /b 1
