module prepull.lab/credential-provider

go 1.24.0
