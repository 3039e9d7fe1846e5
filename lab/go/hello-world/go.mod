module prepull.lab/hello-world

go 1.24.0
